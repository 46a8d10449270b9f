"""Orders as letters to a service: those of the last year, where they are new or have changed."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import chain

import msgspec
import polars as pl

from features.catalogue.products import load_products
from features.home import Home
from features.live.shopper_state import milliseconds
from features.time_units import DAY_MS
from training.ledger.ledger import ledger_of
from training.ledger.touches import Archive, rows_until, sales
from training.outbound.destination import ORDER, OrderData, OrderLine
from training.outbound.fields import DIGEST_BYTES
from training.outbound.messages import MessageBody
from training.outbound.state import ORDER_LETTER, Letter, SentOrder, SentState

READ_AGAIN_MS = DAY_MS
TAKEN_BACK, TOLD = timedelta(days=365), timedelta(days=30)  # how far; and for how long it is tried
STEP = 500  # orders looked at together
NOBODYS = pl.DataFrame()
Allowed = Callable[[Sequence[str]], Collection[str]]


def collect_orders(home: Home, state: SentState, now_ms: int, allowed: Allowed) -> int:
    """Turn what the service does not have, or has otherwise, into letters, once a day; returns how many.

    allowed: of customers, those whose orders may be told.
    """
    if now_ms - int(state.noted("orders_read") or 0) < READ_AGAIN_MS:
        return 0
    now, had, found = datetime.fromtimestamp(now_ms / 1000, UTC), state.orders(), 0
    orders, since_ms = _orders(home, now), milliseconds(now - TAKEN_BACK)
    gone = had.keys() - set(orders["order"])
    emptied = ((*had[name][:2], OrderData(name)) for name in gone if had[name].at_ms >= since_ms)
    for page in chain(map(_read, orders.iter_slices(STEP)), [emptied]):
        found += _post(state, page, had, now_ms, allowed)
    state.note("orders_read", str(now_ms))
    return found


def _post(
    state: SentState,
    page: Iterator[tuple[str, int, OrderData]],
    had: dict[str, SentOrder],
    now_ms: int,
    allowed: Allowed,
) -> int:
    letters, orders = dict[str, Letter](), dict[str, SentOrder]()
    for customer, at_ms, order in page:
        at = datetime.fromtimestamp(at_ms / 1000, UTC)
        body = msgspec.json.encode(MessageBody(ORDER, at, msgspec.to_builtins(order)))
        digest = blake2b(customer.encode() + b"\0" + body, digest_size=DIGEST_BYTES).digest()
        if order.order_id not in had or had[order.order_id].digest != digest:
            until_ms = now_ms + int(TOLD.total_seconds() * 1000)
            letters[order.order_id] = Letter(ORDER_LETTER + order.order_id, customer, body, until_ms)
            orders[order.order_id] = SentOrder(customer, at_ms, digest)
    agreed = allowed(sorted({each.customer_id for each in letters.values()}))
    letters = {name: each for name, each in letters.items() if each.customer_id in agreed}
    state.post_orders(letters, {name: orders[name] for name in letters}, now_ms)
    return len(letters)


def _orders(home: Home, now: datetime) -> pl.DataFrame:
    """order, customer, at, currency, revenue, given, and a list of each column of its lines, oldest first."""
    is_recent = (pl.col("timestamp") >= now - TAKEN_BACK) | (pl.col("type") == "identify")
    rows, catalogue = sales(rows_until(home, now.date()).filter(is_recent)), load_products(home)
    ledger = ledger_of(Archive(rows.collect(engine="streaming"), NOBODYS, NOBODYS), catalogue, now.date())
    titles = catalogue.select(item="product_id", title=pl.coalesce("title", "product_id"))
    columns = ("item", "title", "quantity", "price")
    lines = ledger.lines.join(titles, on="item", how="left").with_columns(
        pl.col("title").fill_null(pl.col("item"))
    )
    listed = lines.sort("order", "item").group_by("order", maintain_order=True).agg(columns)
    owned = ledger.orders.drop_nulls(["customer", "currency"]).sort("timestamp", "order")
    return owned.select("order", "customer", "timestamp", "currency", "revenue", "given").join(
        listed, on="order", maintain_order="left"
    )


def _read(orders: pl.DataFrame) -> Iterator[tuple[str, int, OrderData]]:
    """Customer, time (epoch ms) and what is told of each."""
    for order, customer, at, currency, revenue, given, *lines in orders.iter_rows():
        told = tuple(
            OrderLine(item, title, round(quantity, 3), round(price, 4))
            for item, title, quantity, price in zip(*lines, strict=True)
        )
        yield customer, milliseconds(at), OrderData(order, currency, round(revenue, 2), round(given, 2), told)
