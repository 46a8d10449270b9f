"""The archived history in memory: ids become rows early, so that ten million lines fit in a gigabyte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.history.events_parquet import scan
from features.home import Home
from features.time_units import DAY_S
from training.data.refunds import net_of_refunds

NO_DISCOUNTS = pl.DataFrame(schema={"order": pl.Int32, "discount": pl.Float64})
VISITS = ("view", "click", "add_to_cart", "wishlist")
KEPT = (*VISITS, "purchase", "refund", "cancel", "identify")


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
        """Those lines, by a mask or by their places."""
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
    of all lines arrived. discounts: order and discount (money off the whole order), of those orders that had
    one.
    """

    product_ids: list[str]
    customer_ids: list[str]
    n_orders: int
    n_sessions: int
    log: pl.DataFrame
    received_until_ms: int
    discounts: pl.DataFrame = field(default_factory=lambda: NO_DISCOUNTS)

    @property
    def n_buyers(self) -> int:
        """Rows that a matrix of buyers needs; most guests' rows stay empty."""
        return len(self.customer_ids) + self.n_orders

    def before(self, timestamp: float) -> History:
        """What was known at a time: a later refund has not happened, a later sign-in links nobody."""
        log = self.log.filter(pl.col("timestamp") < timestamp)
        return replace(
            self, log=log, received_until_ms=min(self.received_until_ms, int(timestamp * 1000) - 1)
        )

    def of_some(self, lines: int, seed: int) -> History:
        """All that some people did, drawn by lot: about so many lines, where there are more.

        People are customers, browsers that never signed in, and guests' orders. Refunds, cancellations and
        sign-ins stay whole: alone they mean nothing.
        """
        if len(self.log) <= lines:
            return self
        customers, browsers = len(self.customer_ids), int(self.log["browser"].max() or 0) + 1  # type: ignore[arg-type]
        who = pl.coalesce("customer", pl.col("browser") + customers, pl.col("order") + customers + browsers)
        share = lines / len(self.log)
        drawn = np.random.default_rng(seed).random(customers + browsers + self.n_orders) < share
        chosen = drawn[linked(self.log).select(who.fill_null(0)).to_series().to_numpy()]
        always = pl.col("type").is_in(["refund", "cancel", "identify"])
        return replace(self, log=self.log.filter(always | pl.Series(chosen)))

    @cached_property
    def until(self) -> int:
        """Time of the newest line, epoch s; the models' idea of now."""
        newest = self.log["timestamp"].max()
        return int(newest) if isinstance(newest, int) else 0

    def active_since(self, timestamp: float) -> NDArray[np.int64]:
        """Rows of the customers who bought or looked at something since then, ascending."""
        bought, seen = self.purchases, self.visits
        late = bought.customer[bought.timestamp >= timestamp], seen.customer[seen.timestamp >= timestamp]
        customers = np.unique(np.concatenate(late)).astype(np.int64)
        return customers[customers >= 0]

    @cached_property
    def purchases(self) -> OrderLines:
        net = net_of_refunds(linked(self.log), self._off)
        customer = _numbers(net["customer"].fill_null(-1), np.int32)
        order = _numbers(net["order"], np.int32)
        return OrderLines(
            customer=customer,
            buyer=np.where(customer >= 0, customer, len(self.customer_ids) + order).astype(np.int32),
            order=order,
            item=_numbers(net["item"], np.int32),
            quantity=_numbers(net["quantity"], np.float32),
            unit_price=_numbers((net["unit_price"] * net["left"]).fill_null(float("nan")), np.float32),
            timestamp=_numbers(net["timestamp"], np.int64),
        )

    @cached_property
    def taken_off(self) -> NDArray[np.float32]:
        """(n_orders) share of each order's goods that its discount took off."""
        share = np.zeros(self.n_orders, np.float32)
        share[self._off["order"].to_numpy()] = self._off["off"].to_numpy()
        return share

    @cached_property
    def _off(self) -> pl.DataFrame:
        """order and off: the same, of the orders that had a discount."""
        with_discount = pl.col("order").is_in(self.discounts["order"].implode())
        bought = self.log.filter(pl.col("type") == "purchase", with_discount)
        goods = bought.group_by("order").agg((pl.col("quantity") * pl.col("unit_price")).sum().alias("goods"))
        known = self.discounts.join(goods.filter(pl.col("goods") > 0), on="order")
        return known.select("order", off=(pl.col("discount") / pl.col("goods")).clip(0.0, 1.0))

    @cached_property
    def visits(self) -> Visits:
        seen = (
            linked(self.log.filter(pl.col("type").is_in(["identify", *VISITS])))
            .filter(pl.col("session").is_not_null(), pl.col("item").is_not_null())
            .sort("timestamp", "session", "item")
        )
        return Visits(
            session=_numbers(seen["session"], np.int32),
            item=_numbers(seen["item"], np.int32),
            customer=_numbers(seen["customer"].fill_null(-1), np.int32),
            carted=_numbers(seen["type"].is_in(["add_to_cart", "wishlist"]), np.bool_),
            timestamp=_numbers(seen["timestamp"], np.int64),
        )


def load_history(home: Home, catalogue: pl.DataFrame) -> History:
    """Read the archive. Products are those sold, seen or in the catalogue; postage and fees are not."""
    rows, is_product = scan(home), pl.col("is_product")
    other = catalogue.filter(~is_product)["product_id"]
    ours = pl.col("type").is_in(KEPT) & ~pl.col("product_id").is_in(other.implode()).fill_null(value=False)
    kept = rows.select(ours).collect().to_series()
    made = {
        "timestamp": pl.col("timestamp").dt.epoch("s"),
        "received_ms": pl.col("received_at").dt.epoch("ms"),
        "session_id": _session(sent=not rows.select(_lacks_session().any()).collect().item()),
    }

    def read(column: str) -> pl.Series:
        return rows.select(made.get(column, pl.col(column))).collect().to_series().filter(kept)

    had_discount = rows.filter(pl.col("type") == "purchase", pl.col("discount") > 0)
    off = had_discount.group_by("order_id").agg(pl.col("discount").sum()).collect()
    return _coded(read, catalogue.filter(is_product)["product_id"], off)


def history_of(lines: pl.DataFrame, sold: pl.Series, off: pl.DataFrame | None = None) -> History:
    """Lines under their ids (columns type, timestamp, received_ms, customer_id, anonymous_id, session_id,
    product_id, order_id, quantity, unit_price) as rows. sold: products that count without any line; off:
    order_id and discount of orders that had one."""
    return _coded(lines.get_column, sold, off)


def _coded(read: Callable[[str], pl.Series], sold: pl.Series, off: pl.DataFrame | None) -> History:
    """A history. Columns are read one after the other: their ids, all together, are many times its size."""
    newest = read("received_ms").max()
    product_ids, item = _rows(read("product_id"), sold)
    customer_ids, customer = _rows(read("customer_id"))
    order_ids, order = _rows(read("order_id"))
    session_ids, session = _rows(read("session_id"))
    columns = {
        "type": read("type").cast(pl.Enum(KEPT)),
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
        NO_DISCOUNTS if off is None else _discounts(off, order_ids),
    )


def _discounts(off: pl.DataFrame, order_ids: pl.Series) -> pl.DataFrame:
    """By rows of orders; of an order without any product nothing is left to take it off."""
    sold_in = off.filter(pl.col("order_id").is_in(order_ids.implode()))
    order = sold_in["order_id"].cast(pl.Enum(order_ids)).to_physical().cast(pl.Int32)
    return sold_in.select(order.alias("order"), "discount")


def _lacks_session() -> pl.Expr:
    return pl.col("type").is_in(VISITS) & pl.col("session_id").is_null()


def _session(*, sent: bool) -> pl.Expr:
    """Of visits; orders need none. Where none was sent: one a day for each customer or browser."""
    day = pl.col("timestamp").dt.date().cast(pl.String)
    own = pl.concat_str(pl.coalesce("customer_id", "anonymous_id"), pl.lit(" "), day)
    session = pl.col("session_id") if sent else pl.coalesce("session_id", own)
    return pl.when(pl.col("type").is_in(VISITS)).then(session)


def _rows(ids: pl.Series, others: pl.Series | None = None) -> tuple[pl.Series, pl.Series]:
    """(all different ids in order, for each of `ids` its place among them: int32). others: further ids."""
    kind = categories(ids) if others is None else categories(ids, others)
    return kind.categories, ids.cast(kind).to_physical().cast(pl.Int32)


def categories(*ids: pl.Series) -> pl.Enum:
    """All different ids, in order."""
    different = [each.cast(pl.String).unique() for each in ids]
    return pl.Enum(pl.concat(different).unique().drop_nulls().sort())


def _numbers(column: pl.Series, dtype: Any) -> NDArray[Any]:
    return column.to_numpy().astype(dtype)


def linked(log: pl.DataFrame) -> pl.DataFrame:
    """Give what a browser did to the customer it last turned out to be."""
    signed_in = log.filter(pl.col("type") == "identify", pl.col("browser").is_not_null()).sort("timestamp")
    if not len(signed_in):
        return log.with_columns(owner="customer")
    links = signed_in.group_by("browser").agg(pl.col("customer").last().alias("owner"))
    return log.join(links, on="browser", how="left").with_columns(pl.coalesce("customer", "owner"))
