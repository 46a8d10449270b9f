"""`loadtests.inside.growth HOME`: the history of a shop of any size, as an archive would hold it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import product as combinations
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from features.catalogue.products import merge_products
from features.history.events_parquet import schema, write_rows
from features.home import Home
from features.time_units import DAY_S
from recommender.arrays.dtypes import Float64s, Int32s, Int64s

HISTORY_END = datetime(2026, 11, 1, tzinfo=UTC)
HISTORY_DAYS = 730
LINES_PER_ORDER, VIEWS_PER_VISIT = 3.0, 4.0  # on average
FAVOURITES = 6
REPEATED, IN_TASTE, PAIRED = 0.35, 0.35, 0.15  # of the lines; the others are what sells anyway
BY_CUSTOMER, CARTED = 0.3, 0.1  # of the visits: by a customer; of the looks: into the cart
ROWS_AT_ONCE = 500_000
COLOUR_WORDS = ("red", "blue", "green", "white", "black", "ivory", "coral", "amber")
MATERIALS = ("oak", "linen", "steel", "clay", "glass", "wool", "cotton", "copper", "cork", "paper")


@dataclass(frozen=True)
class Growth:
    """A shop of this size: the same numbers, the same history."""

    products: int = 20_000
    customers: int = 200_000
    orders: int = 1_000_000
    views: int = 2_000_000
    seed: int = 7

    @property
    def categories(self) -> int:
        return int(np.clip(self.products // 100, 4, 2_000))

    @cached_property
    def starts(self) -> Int64s:
        """(categories + 1): where each category's products begin."""
        return np.linspace(0, self.products, self.categories + 1).astype(np.int64)

    @cached_property
    def sold(self) -> Float64s:
        """(products + 1): cumulative popularity, a long tail (Zipf-Mandelbrot) in no order."""
        rank = np.random.default_rng(self.seed).permutation(self.products)
        return np.concatenate([[0.0], np.cumsum((rank + 10.0) ** -0.9)])

    @cached_property
    def partner(self) -> Int64s:
        """(products): what goes with each, in both directions; of another category as a rule."""
        shuffled = np.random.default_rng(self.seed + 1).permutation(self.products)
        partner = np.arange(self.products)
        half = self.products // 2
        partner[shuffled[:half]], partner[shuffled[half : 2 * half]] = (
            shuffled[half : 2 * half],
            shuffled[:half],
        )
        return partner

    @cached_property
    def favourites(self) -> Int32s:
        """(customers, FAVOURITES): what each buys again and again."""
        rng = np.random.default_rng(self.seed + 2)
        return self.any_product(rng, (self.customers, FAVOURITES)).astype(np.int32)

    @cached_property
    def activity(self) -> Float64s:
        """(customers) cumulative: most order seldom, some often."""
        return np.cumsum(np.random.default_rng(self.seed + 3).gamma(0.7, size=self.customers))

    def any_product(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Int64s:
        return self._between(rng, np.zeros(shape), np.full(shape, self.sold[-1]))

    def of_category(self, rng: np.random.Generator, category: Int64s) -> Int64s:
        return self._between(rng, self.sold[self.starts[category]], self.sold[self.starts[category + 1]])

    def _between(self, rng: np.random.Generator, low: Float64s, high: Float64s) -> Int64s:
        drawn = np.searchsorted(self.sold, rng.uniform(low, high), side="right") - 1
        return np.minimum(drawn, self.products - 1)


def write_shop(home: Home, growth: Growth, now: datetime = HISTORY_END) -> None:
    """Catalogue, orders and views of the two years before `now`."""
    merge_products(home, catalogue(growth), now)
    for number, rows in enumerate(events(growth, now)):
        write_rows(home, rows, now, f"growth-{number:04d}")


def catalogue(growth: Growth) -> pl.DataFrame:
    """A title, category, brand and price for each product."""
    rng, n = np.random.default_rng(growth.seed + 4), growth.products
    category = np.searchsorted(growth.starts, np.arange(n), side="right") - 1
    nouns = np.array([_word(number) for number in range(growth.categories)])
    titles = [
        f"{COLOUR_WORDS[colour]} {MATERIALS[material]} {noun} {number % 90 + 10}"
        for number, (colour, material, noun) in enumerate(
            zip(
                rng.integers(len(COLOUR_WORDS), size=n),
                rng.integers(len(MATERIALS), size=n),
                nouns[category],
                strict=True,
            )
        )
    ]
    return pl.DataFrame(
        {
            "product_id": _names("p", np.arange(n)),
            "title": titles,
            "category": nouns[category],
            "category_path": nouns[category],
            "brand": _names("brand", rng.integers(max(n // 200, 3), size=n)),
            "price": np.round(np.exp(rng.normal(2.8, 0.8, n)), 2),
            "currency": ["EUR"] * n,
            "url": "https://shop.example/products/" + _names("p", np.arange(n)),
            "image_url": "https://shop.example/images/" + _names("p", np.arange(n)) + ".jpg",
            "first_seen": [HISTORY_END - timedelta(days=HISTORY_DAYS)] * n,
        }
    )


def events(growth: Growth, now: datetime) -> Iterator[pl.DataFrame]:
    """Rows of the history, a part at a time."""
    rng, price = np.random.default_rng(growth.seed + 5), catalogue(growth)["price"].to_numpy()
    for start in range(0, growth.orders, ROWS_AT_ONCE):
        yield _orders(growth, rng, start, min(ROWS_AT_ONCE, growth.orders - start), price, now)
    visits = round(growth.views / VIEWS_PER_VISIT)
    for start in range(0, visits, ROWS_AT_ONCE):
        yield _visits(growth, rng, start, min(ROWS_AT_ONCE, visits - start), now)


def _orders(
    growth: Growth, rng: np.random.Generator, start: int, n: int, price: Float64s, now: datetime
) -> pl.DataFrame:
    size = 1 + rng.poisson(LINES_PER_ORDER - 1, n)
    customer, seconds = _customers(growth, rng, n), _times(rng, n)
    order = np.repeat(np.arange(n), size)
    product = _chosen(growth, rng, customer[order], order)
    order, product = np.unique(np.stack([order, product]), axis=1)
    number = _names("o", start + order)
    return _rows(
        now,
        seconds[order],
        event_id=number,
        line=np.arange(len(order)) - np.searchsorted(order, order),
        type=["purchase"] * len(order),
        customer_id=_names("c", customer[order]),
        product_id=_names("p", product),
        quantity=np.ones(len(order)),
        unit_price=price[product],
        order_id=number,
    )


def _visits(growth: Growth, rng: np.random.Generator, start: int, n: int, now: datetime) -> pl.DataFrame:
    size = rng.geometric(1 / VIEWS_PER_VISIT, n)
    customer, seconds = _customers(growth, rng, n), _times(rng, n)
    visit = np.repeat(np.arange(n), size)
    step = np.arange(len(visit)) - np.searchsorted(visit, visit)
    is_customer = (rng.random(n) < BY_CUSTOMER)[visit]
    name = _names("v", start + visit)
    return _rows(
        now,
        seconds[visit] + 30 * step,
        event_id=pl.Series(name).str.replace("v", "w") + "-" + pl.Series(step).cast(pl.String),
        line=np.zeros(len(visit), np.int64),
        type=np.where(rng.random(len(visit)) < CARTED, "add_to_cart", "view"),
        customer_id=pl.select(pl.when(pl.Series(is_customer)).then(_names("c", customer[visit]))).to_series(),
        anonymous_id=name,
        session_id=name,
        product_id=_names("p", _chosen(growth, rng, customer[visit], visit)),
    )


def _chosen(growth: Growth, rng: np.random.Generator, customer: Int64s, group: Int64s) -> Int64s:
    """A product for each line: a favourite, one of the customer's categories, a partner of the line before
    in the same group (order or visit), or anything."""
    n, kind = len(customer), rng.random(len(customer))
    products = growth.any_product(rng, (n,))
    again = kind < REPEATED
    products[again] = growth.favourites[customer[again], rng.integers(FAVOURITES, size=int(again.sum()))]
    taste = (kind >= REPEATED) & (kind < REPEATED + IN_TASTE)
    products[taste] = growth.of_category(rng, (customer[taste] * 7 + group[taste] % 3) % growth.categories)
    paired = np.flatnonzero((kind > 1 - PAIRED)[1:] & (group[1:] == group[:-1])) + 1
    products[paired] = growth.partner[products[paired - 1]]
    return products


def _customers(growth: Growth, rng: np.random.Generator, n: int) -> Int64s:
    return np.searchsorted(growth.activity, rng.uniform(0, growth.activity[-1], n))


def _times(rng: np.random.Generator, n: int) -> Int64s:
    """Seconds before now; a shop that doubles in a year."""
    return (HISTORY_DAYS * DAY_S * (1 - rng.power(1.6, n))).astype(np.int64)


def _rows(now: datetime, seconds_ago: Int64s, **columns: Any) -> pl.DataFrame:
    at = pl.Series(int(now.timestamp()) * 1_000_000 - seconds_ago * 1_000_000).cast(pl.Datetime("us", "UTC"))
    rows = pl.DataFrame({"timestamp": at, "received_at": at, **columns})
    return rows.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in schema().items() if name not in rows.columns
    )


def _names(kind: str, numbers: Int64s) -> pl.Series:
    return pl.select(pl.format(f"{kind}-{{}}", pl.Series(numbers))).to_series()


def _word(number: int) -> str:
    """An invented noun for each number below 3,600."""
    first, second = divmod(number, 60)
    syllables = ["".join(pair) for pair in combinations("bdfklmnprtvz", "aeiou")]
    return f"{syllables[first]}{syllables[second]}r"


def main(
    home: Path,
    products: Annotated[int, typer.Option(min=2)] = 20_000,
    customers: Annotated[int, typer.Option(min=1)] = 200_000,
    orders: Annotated[int, typer.Option(min=1)] = 1_000_000,
    views: Annotated[int, typer.Option(min=0)] = 2_000_000,
    seed: int = 7,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="When its history ends.")
    ] = HISTORY_END,
) -> None:
    """Write it into a new home, ready for `perennial train`."""
    write_shop(Home(home), Growth(products, customers, orders, views, seed), until.replace(tzinfo=UTC))


if __name__ == "__main__":
    typer.run(main)
