"""Random shops of usual customers and the odd ones that real shops have beside them; what each will bring."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from features.time_units import DAY_S, YEAR_DAYS
from training.data.history import History, history_of

FIRST_DAY = 19_000  # of most shops' histories, since 1970
USUAL = "usual"  # begins the ids of customers who are nothing out of the ordinary
SMALLEST, LARGEST = 100, 5_000  # shops, in usual customers


@dataclass
class OddShop:
    """seed; customers: how many usual ones; days: of history; orders: (customer, day since FIRST_DAY, money);
    next_year: customer -> the revenue that is to be expected of them in the year after the history."""

    seed: int
    customers: int
    days: int
    orders: list[tuple[str, int, float]] = field(default_factory=list)
    next_year: dict[str, float] = field(default_factory=dict)

    def history(self, *, odd: bool = True) -> History:
        """With or without the odd customers."""
        kept = [order for order in self.orders if odd or order[0].startswith(USUAL)]
        table = pl.DataFrame(kept, schema=["customer_id", "day", "price"], orient="row")
        lines = table.with_row_index("order_id").select(
            "customer_id",
            pl.col("order_id").cast(pl.String),
            product_id=pl.lit("p"),
            timestamp=((FIRST_DAY + pl.col("day")) * DAY_S).cast(pl.Int64),
            unit_price=pl.col("price"),
        )
        return history_of(lines, pl.Series(["p"]))


def odd_shop(seed: int) -> OddShop:
    """A shop of SMALLEST to LARGEST usual customers with all the odd ones; the same seed, the same shop."""
    rng = np.random.default_rng(seed)
    shop = OddShop(
        seed,
        customers=int(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST)))),
        days=int(rng.integers(380, 900)),
    )
    basket = float(rng.lognormal(3.7, 0.4))  # money of a usual order
    for add in (_usual, _regulars, _campaign, _subscriptions, _gifts, _clock_errors):
        add(shop, basket, rng)
    return shop


def _usual(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """Customers who come at any time, order at a rate and a price of their own, and leave at some time."""
    shape, usual_gap = rng.uniform(0.6, 1.6), rng.uniform(40, 120)
    mean_stay = rng.uniform(200, 700)
    for number in range(shop.customers):
        rate, mean = rng.gamma(shape) / shape / usual_gap, basket * rng.lognormal(0, 0.4)
        first, stay = rng.uniform(0, shop.days - 1), rng.exponential(mean_stay)
        _lives(shop, f"{USUAL}{number}", first, first + stay, rate, mean, rng)
        stays = mean_stay * -np.expm1(-YEAR_DAYS / mean_stay) if first + stay > shop.days else 0.0
        shop.next_year[f"{USUAL}{number}"] = rate * mean * stays


def _regulars(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """A café that orders every week or so, and a wholesaler that orders a hundred times as much; both as
    their stock runs out, more evenly than people do."""
    for name, every, size in (
        ("cafe", rng.uniform(4, 9), rng.uniform(3, 8)),
        ("wholesaler", rng.uniform(1, 14), rng.uniform(20, 300)),
    ):
        first = rng.uniform(0, shop.days / 2)
        mean = basket * size
        days = first + np.cumsum(every * rng.gamma(4, size=1_000) / 4)
        _orders(shop, name, days[days < shop.days].astype(int).tolist(), mean, rng)
        shop.next_year[name] = YEAR_DAYS / every * mean


def _campaign(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """A crowd that buys something small within some days, and never comes again."""
    begin = shop.days - (1, int(rng.integers(2, 60)), int(rng.integers(60, 300)))[rng.integers(3)]
    lasts = int(rng.integers(1, 8))
    for number in range(int(shop.customers * rng.uniform(0.2, 1.5))):
        day = min(begin + int(rng.integers(lasts)), shop.days - 1)
        _orders(shop, f"campaign{number}", [day], 0.3 * basket, rng)


def _subscriptions(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """The same sum on the same day of each month, until they end it."""
    for number in range(1 + shop.customers // 50):
        first, stay = rng.uniform(0, shop.days - 30), rng.exponential(600)
        days = np.arange(first, min(first + stay, shop.days), 30)
        shop.orders += [(f"subscriber{number}", int(day), 0.8 * basket) for day in days]
        alive = first + stay > shop.days
        shop.next_year[f"subscriber{number}"] = alive * 0.8 * basket * 600 * -np.expm1(-YEAR_DAYS / 600) / 30


def _gifts(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """Those who order in one week of the year alone: half of them again in the next."""
    season = int(rng.integers(0, YEAR_DAYS))
    for number in range(1 + shop.customers // 15):
        years = range(season + YEAR_DAYS * int(rng.integers(0, 2)), shop.days, YEAR_DAYS)
        days = [day + int(rng.integers(7)) for day in years]
        kept = [day for turn, day in enumerate(days) if rng.random() < 0.5**turn and day < shop.days]
        _orders(shop, f"gift{number}", kept, 1.2 * basket, rng)
        lately = bool(kept) and kept[-1] >= shop.days - YEAR_DAYS - 7
        shop.next_year[f"gift{number}"] = 0.5 * 1.2 * basket * lately


def _clock_errors(shop: OddShop, basket: float, rng: np.random.Generator) -> None:
    """Orders that a wrong clock put decades back, and one of tomorrow; of customers with another order."""
    for number in range(3):
        day = int(rng.integers(0, shop.days))
        _orders(shop, f"clock{number}", [day - int(rng.integers(2_000, 9_000)), day], basket, rng)
    _orders(shop, "clock-ahead", [shop.days], basket, rng)


def _lives(
    shop: OddShop, name: str, first: float, leaves: float, rate: float, mean: float, rng: np.random.Generator
) -> None:
    """A first order, and others at a rate (a day) until the customer leaves."""
    _orders(shop, name, list(_days(first, min(leaves, shop.days), rate, rng)), mean, rng)


def _days(first: float, until: float, rate: float, rng: np.random.Generator) -> Iterator[int]:
    day = first
    yield int(day)
    while (day := day + rng.exponential(1 / rate)) < until:
        yield int(day)


def _orders(shop: OddShop, name: str, days: list[int], mean: float, rng: np.random.Generator) -> None:
    shop.orders += [(name, day, round(float(mean * rng.gamma(4) / 4), 2)) for day in days]
