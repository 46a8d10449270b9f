"""The archived history in memory, ids as row numbers: ten million lines fit in a gigabyte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue.names import under_own_ids
from features.catalogue.products import load_aliases
from features.history.events_parquet import scan
from features.home import Home
from features.time_units import DAY_S
from training.data.countries import NO_COUNTRIES, order_countries
from training.data.currencies import foreign_orders, in_usual_currency
from training.data.refunds import net_of_refunds
from training.data.refusers import of_refusers, refusers
from training.data.sign_ins import linked, session_ids

NO_DISCOUNTS = pl.DataFrame(schema={"order": pl.Int32, "discount": pl.Float64})
VISITS = ("view", "click", "add_to_cart", "wishlist")
HISTORY_TYPES = (*VISITS, "purchase", "refund", "cancel", "identify")
NO_ID = pl.lit(None, pl.String)
DEFAULTS = {  # columns that lines may lack, see `history_of`
    "type": pl.lit("purchase", pl.Enum(HISTORY_TYPES)),
    "received_ms": pl.col("timestamp") * 1000,
    "customer_id": NO_ID,
    "anonymous_id": NO_ID,
    "session_id": NO_ID,
    "order_id": NO_ID,
    "quantity": pl.lit(1.0, pl.Float32),
    "unit_price": pl.lit(None, pl.Float32),
}


@dataclass(frozen=True)
class OrderLines:
    """What was bought, net of refunds and cancellations, oldest first; one line an order and product.

    customer int32 (-1: a guest); buyer int32 (a customer, or n_customers + order for a guest's order);
    order, item int32; quantity, unit_price float32 (price NaN: unknown; sums given back are off, the
    discount is not); timestamp int64 (epoch s).
    """

    customer: NDArray[np.int32]
    buyer: NDArray[np.int32]
    order: NDArray[np.int32]
    item: NDArray[np.int32]
    quantity: NDArray[np.float32]
    unit_price: NDArray[np.float32]
    timestamp: NDArray[np.int64]

    @cached_property
    def day(self) -> NDArray[np.int32]:
        """Days since 1970."""
        return (self.timestamp // DAY_S).astype(np.int32)

    def __len__(self) -> int:
        return len(self.item)

    def where(self, kept: NDArray[np.bool_ | np.intp]) -> OrderLines:
        """Those lines, by a mask or by positions."""
        return OrderLines(*(getattr(self, each.name)[kept] for each in fields(self)))


@dataclass(frozen=True)
class Visits:
    """What was looked at, oldest first. session, item, customer (-1: not known) int32;
    carted bool (added to the cart or to a wish list); timestamp int64 (epoch s)."""

    session: NDArray[np.int32]
    item: NDArray[np.int32]
    customer: NDArray[np.int32]
    carted: NDArray[np.bool_]
    timestamp: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.item)

    def where(self, kept: NDArray[np.bool_] | slice) -> Visits:
        """Those lines, by a mask or a slice."""
        return Visits(*(getattr(self, each.name)[kept] for each in fields(self)))


@dataclass(frozen=True)
class History:
    """Everything that happened, under rows of `product_ids` and `customer_ids`.

    log: one row a line of an event, with columns type, timestamp (epoch s), customer, browser, session,
    item, order (int32 rows, null: none), quantity, unit_price (float32). received_until_ms: when the newest
    of all lines arrived. discounts: order and discount (money off the whole order), countries: order and
    country (in small letters), of those orders that had one. foreign: rows of orders in another currency than
    the others, of which no rate is known. as_of: when it was read, epoch s; 0: not said.
    """

    product_ids: list[str]
    customer_ids: list[str]
    n_orders: int
    n_sessions: int
    log: pl.DataFrame
    received_until_ms: int
    discounts: pl.DataFrame = field(default_factory=lambda: NO_DISCOUNTS)
    foreign: pl.Series = field(default_factory=lambda: NO_DISCOUNTS["order"])
    countries: pl.DataFrame = field(default_factory=lambda: NO_COUNTRIES)
    as_of: int = 0

    @property
    def n_buyers(self) -> int:
        """Rows that a matrix of buyers needs; most guests' rows stay empty."""
        return len(self.customer_ids) + self.n_orders

    def before(self, timestamp: float) -> History:
        """The history as it was at a time: without later refunds, and without what later sign-ins link."""
        log = self.log.filter(pl.col("timestamp") < timestamp)
        return replace(
            self, log=log, received_until_ms=min(self.received_until_ms, int(timestamp * 1000) - 1)
        )

    def sample_customers(self, lines: int, seed: int) -> History:
        """The lines of customers drawn at random, about `lines` in all; the history itself if it has fewer.

        Browsers that never signed in and guests' orders are drawn like customers. All refunds, cancellations
        and sign-ins are kept: they have no effect without the lines they belong to.
        """
        if len(self.log) <= lines:
            return self
        customers, browsers = len(self.customer_ids), int(self.log["browser"].max() or 0) + 1  # type: ignore[arg-type]
        owner = pl.coalesce("customer", pl.col("browser") + customers, pl.col("order") + customers + browsers)
        share = lines / len(self.log)
        is_drawn = np.random.default_rng(seed).random(customers + browsers + self.n_orders) < share
        chosen = is_drawn[linked(self.log).select(owner.fill_null(0)).to_series().to_numpy()]
        always = pl.col("type").is_in(["refund", "cancel", "identify"])
        return replace(self, log=self.log.filter(always | pl.Series(chosen)))

    @cached_property
    def until(self) -> int:
        """Time of the newest line, epoch s; the models' idea of now. Before the first line, `as_of`."""
        newest = self.log["timestamp"].max()
        return int(newest) if isinstance(newest, int) else self.as_of

    def active_since(self, timestamp: float) -> NDArray[np.int64]:
        """Rows of the customers who bought or looked at something since then, ascending."""
        bought, viewed = self.purchases, self.visits
        recent = (
            bought.customer[bought.timestamp >= timestamp],
            viewed.customer[viewed.timestamp >= timestamp],
        )
        customers = np.unique(np.concatenate(recent)).astype(np.int64)
        return customers[customers >= 0]

    @cached_property
    def purchases(self) -> OrderLines:
        net = net_of_refunds(linked(self.log), self._discount_shares)
        customer = _array(net["customer"].fill_null(-1), np.int32)
        order = _array(net["order"], np.int32)
        return OrderLines(
            customer=customer,
            buyer=np.where(customer >= 0, customer, len(self.customer_ids) + order).astype(np.int32),
            order=order,
            item=_array(net["item"], np.int32),
            quantity=_array(net["quantity"], np.float32),
            unit_price=_array((net["unit_price"] * net["left"]).fill_null(float("nan")), np.float32),
            timestamp=_array(net["timestamp"], np.int64),
        )

    @cached_property
    def discount_share(self) -> NDArray[np.float32]:
        """(n_orders) share of each order's goods that its discount took off."""
        share = np.zeros(self.n_orders, np.float32)
        share[self._discount_shares["order"].to_numpy()] = self._discount_shares["off"].to_numpy()
        return share

    @cached_property
    def _discount_shares(self) -> pl.DataFrame:
        """order and off: `discount_share` of the orders that had a discount."""
        with_discount = pl.col("order").is_in(self.discounts["order"].implode())
        bought = self.log.filter(pl.col("type") == "purchase", with_discount)
        goods = bought.group_by("order").agg((pl.col("quantity") * pl.col("unit_price")).sum().alias("goods"))
        discounted = self.discounts.join(goods.filter(pl.col("goods") > 0), on="order")
        return discounted.select("order", off=(pl.col("discount") / pl.col("goods")).clip(0.0, 1.0))

    @cached_property
    def visits(self) -> Visits:
        views = (
            linked(self.log.filter(pl.col("type").is_in(["identify", *VISITS])))
            .filter(pl.col("session").is_not_null(), pl.col("item").is_not_null())
            .sort("timestamp", "session", "item")
        )
        return Visits(
            session=_array(views["session"], np.int32),
            item=_array(views["item"], np.int32),
            customer=_array(views["customer"].fill_null(-1), np.int32),
            carted=_array(views["type"].is_in(["add_to_cart", "wishlist"]), np.bool_),
            timestamp=_array(views["timestamp"], np.int64),
        )


def load_history(home: Home, catalogue: pl.DataFrame) -> History:
    """Read the archive. Products are those sold, viewed or in the catalogue, without postage and fees. Who
    said no to profiling is nobody: their orders are guests' orders, and their visits are left out.
    """
    rows = in_usual_currency(under_own_ids(scan(home), catalogue, load_aliases(home)), home)
    is_product, is_visit = pl.col("is_product"), pl.col("type").is_in(VISITS)
    non_products = catalogue.filter(~is_product)["product_id"]
    is_sold = ~pl.col("product_id").is_in(non_products.implode()).fill_null(value=False)
    customer, said_no = pl.col("customer_id"), refusers(rows)
    is_kept = pl.col("type").is_in(HISTORY_TYPES) & is_sold & ~(is_visit & of_refusers(rows, said_no))
    kept = rows.select(is_kept).collect().to_series()
    lacks_session = rows.select((is_visit & pl.col("session_id").is_null()).any()).collect().item()
    computed = {
        "customer_id": pl.when(~customer.is_in(said_no.implode())).then(customer),
        "timestamp": pl.col("timestamp").dt.epoch("s"),
        "received_ms": pl.col("received_at").dt.epoch("ms"),
        "session_id": session_ids(is_visit, sent=not lacks_session),
    }

    def read(column: str) -> pl.Series:
        return rows.select(computed.get(column, pl.col(column))).collect().to_series().filter(kept)

    discounted = rows.filter(pl.col("type") == "purchase", pl.col("discount") > 0)
    discounts = discounted.group_by("order_id").agg(pl.col("discount").sum()).collect()
    history = _from_columns(read, catalogue.filter(is_product)["product_id"], discounts)
    order_ids, foreign = _rows(read("order_id"))[0], foreign_orders(rows)
    countries = _of_orders(order_countries(rows), order_ids)
    return replace(history, countries=countries, foreign=_order_rows(foreign, order_ids))


def history_of(
    lines: pl.DataFrame, other_products: pl.Series, discounts: pl.DataFrame | None = None
) -> History:
    """A history of lines with the columns timestamp (epoch s), product_id and any of DEFAULTS.

    other_products: ids that get a row without any line; discounts: order_id and discount of orders that had
    one.
    """
    lacking = {name: default for name, default in DEFAULTS.items() if name not in lines.columns}
    return _from_columns(lines.with_columns(**lacking).get_column, other_products, discounts)


def _from_columns(
    read: Callable[[str], pl.Series], other_products: pl.Series, discounts: pl.DataFrame | None
) -> History:
    """A history. Columns are read one at a time: all ids together are many times the size of the result."""
    newest = read("received_ms").max()
    product_ids, item = _rows(read("product_id"), other_products)
    customer_ids, customer = _rows(read("customer_id"))
    order_ids, order = _rows(read("order_id"))
    session_ids, session = _rows(read("session_id"))
    columns = {
        "type": read("type").cast(pl.Enum(HISTORY_TYPES)),
        "timestamp": read("timestamp"),
        "customer": customer,
        "browser": _rows(read("anonymous_id"))[1],
        "session": session,
        "item": item,
        "order": order,
        "quantity": read("quantity").cast(pl.Float32),
        "unit_price": read("unit_price").cast(pl.Float32),
    }
    return History(
        product_ids.to_list(),
        customer_ids.to_list(),
        len(order_ids),
        len(session_ids),
        pl.DataFrame(columns),
        int(newest) if isinstance(newest, int) else 0,
        NO_DISCOUNTS if discounts is None else _of_orders(discounts, order_ids),
    )


def _of_orders(said: pl.DataFrame, order_ids: pl.Series) -> pl.DataFrame:
    """What is said by `order_id`, by row of the order, without orders that hold no product."""
    known = said.filter(pl.col("order_id").is_in(order_ids.implode()))
    return known.select(_order_rows(known["order_id"], order_ids).alias("order"), pl.exclude("order_id"))


def _order_rows(ids: pl.Series, order_ids: pl.Series) -> pl.Series:
    known = ids.filter(ids.is_in(order_ids.implode()))
    return known.cast(pl.Enum(order_ids)).to_physical().cast(pl.Int32)


def _rows(ids: pl.Series, others: pl.Series | None = None) -> tuple[pl.Series, pl.Series]:
    """(the distinct ids in order, the row of each of `ids` among them: int32). others: further ids."""
    id_type = categories(ids) if others is None else categories(ids, others)
    return id_type.categories, ids.cast(id_type).to_physical().cast(pl.Int32)


def categories(*ids: pl.Series) -> pl.Enum:
    """The distinct ids, in order."""
    distinct = [each.cast(pl.String).unique() for each in ids]
    return pl.Enum(pl.concat(distinct).unique().drop_nulls().sort())


def _array(column: pl.Series, dtype: Any) -> NDArray[Any]:
    return column.to_numpy().astype(dtype)
