"""Our own events as a table (CSV, .xlsx or parquet): each row is a line of an order, or one event."""

from hashlib import sha256

import polars as pl

from features.events.foreign_names import is_unrelated, our_name
from features.events.vocabulary import EVENT_TYPES
from features.importers.lines import Format
from features.importers.people import NOBODYS, without_nobodies
from features.importers.reasons import RejectReason


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    kind = _our_names(rows["type"])
    somebodies, _ = without_nobodies(rows)  # which become null, and are counted, when all lines are there
    rows = rows.with_columns(shopper=somebodies.select(pl.coalesce(NOBODYS)).to_series())
    shopper = pl.col("shopper")
    # Purchase lines without an order id are one order if they share shopper and moment.
    moment = pl.concat_str(shopper, pl.lit("@"), "timestamp")
    # Refund lines without a refund id are one refund if they share order and moment.
    partial = pl.any_horizontal(pl.col("product_id", "unit_price").is_not_null())
    partial_id = pl.when(partial).then(pl.concat_str("order_id", pl.lit("@"), "timestamp"))
    purchase, refund = kind == "purchase", kind == "refund"
    lines = rows.with_columns(
        type=kind,
        event_id=pl.when(~(purchase | refund)).then("event_id"),
        order_id=pl.when(purchase).then(pl.coalesce("order_id", moment)).otherwise("order_id"),
        refund_id=pl.when(refund).then(pl.coalesce("refund_id", "event_id", partial_id, "order_id")),
        quantity=pl.col("quantity").fill_null("1"),
        currency=pl.col("currency").str.to_uppercase(),
        reason=pl.when(_is_unrelated(rows["type"]))
        .then(pl.lit(RejectReason.OTHER_EVENT.value))
        .when(~kind.is_in(EVENT_TYPES) | kind.is_null())
        .then(pl.lit(RejectReason.UNKNOWN_EVENT.value))
        .when(shopper.is_null() & ~(purchase | refund))
        .then(pl.lit(RejectReason.NO_CUSTOMER.value)),
        detail=pl.when(~kind.is_in(EVENT_TYPES)).then("type"),
    ).drop("shopper")
    return lines.with_columns(event_id=_event_ids(lines))


def _is_unrelated(names: pl.Series) -> pl.Expr:
    """Boolean per row: an event that we have no use for."""
    unrelated = [name for name in names.drop_nulls().unique() if is_unrelated(name)]
    return pl.col("type").is_in(unrelated).fill_null(value=False)


def _our_names(names: pl.Series) -> pl.Expr:
    """What we call each event; a name that is unknown stays as it is."""
    ours = {name: our_name(name) or name.lower() for name in names.drop_nulls().unique()}
    return pl.col("type").replace(ours)


def _event_ids(lines: pl.DataFrame) -> pl.Series:
    """Each event's own id, else a hash of its row, so that a second import of the file gives the same."""
    content = lines.select(pl.concat_str(pl.exclude("row", "event_id").fill_null(""), separator="\x1f"))
    nth = content.select(pl.int_range(pl.len()).over(pl.first())).to_series()
    without_id = lines["event_id"].is_null() & ~lines["type"].is_in(["purchase", "refund"])
    hashes = [
        sha256(f"{text}\x1f{n}".encode()).hexdigest()[:32] if missing else None
        for text, n, missing in zip(content.to_series(), nth, without_id, strict=True)
    ]
    return lines["event_id"].fill_null(pl.Series(hashes, dtype=pl.String))


EVENTS_TABLE = Format(
    name="events",
    columns={
        "type": ("event", "type", "eventtype", "eventname"),
        "timestamp": ("timestamp", "eventtime", "eventtimestamp", "time", "datetime"),
        "customer_id": ("customerid", "userid"),
        "product_id": ("productid", "itemid"),
        "anonymous_id": ("anonymousid", "visitorid", "userpseudoid"),
        "session_id": ("sessionid", "usersession"),
        "event_id": ("eventid",),
        "order_id": ("orderid", "transactionid"),
        "refund_id": ("refundid",),
        "title": ("title", "productname", "itemname"),
        "quantity": ("quantity",),
        "unit_price": ("unitprice", "price"),
        "currency": ("currency",),
        "country": ("country",),
        "discount": ("discount",),
        "coupon": ("coupon",),
        "recommendation_id": ("recommendationid",),
        "utm_source": ("utmsource",),
    },
    required=("type", "timestamp", "customer_id|anonymous_id|session_id", "product_id"),
    read=_read,
    label="Events: views, carts, purchases, of Perennial, Segment, GA4 or a table of your own",
)
