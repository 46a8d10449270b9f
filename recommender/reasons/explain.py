"""Why a product is shown: one sentence with counts, and the counts by themselves."""

# ruff: noqa: ARG001 - one signature for every reason

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Situation
from recommender.reasons.refill_due import REFILL_PLACEMENTS, RefillDue, refill_due
from recommender.sources.upgrades import (
    BETTER_GRADE,
    BETTER_RATED,
    BOUGHT_AGAIN,
    LARGER,
    OTHER_MATERIAL,
)

TIMES = {1: "once", 2: "twice"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATES_CACHED = 5_000
BETTER_BY_TRAIT = {LARGER: "size", OTHER_MATERIAL: "material", BETTER_GRADE: "grade", BETTER_RATED: "rating"}
TREND_FRESH_DAYS = 3  # for so long after the last order, a trend is "in the last 14 days"


class PickReason(msgspec.Struct, frozen=True):
    """A `code` from a closed list, a sentence for the shopper, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


_encode = msgspec.json.Encoder().encode
reason_of = msgspec.json.Decoder(PickReason).decode


def reason_json(code: str, text: str, **evidence: Any) -> str:
    """A reason as JSON, as answers take it. The most frequent ones are formatted by hand below."""
    return _encode(PickReason(code, text, evidence)).decode()


def _bought_together(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if anchor == NO_ROW:
        return _repeat(situation, item, anchor, figure)
    bundle = situation.bundle
    title = bundle.tables.short_title_json(anchor)
    if figure == 0:
        return f'{{"code":"goes_with","text":"Goes with {title}","evidence":{{}}}}'
    counts = bundle.tables.product.buyers
    buyers, others = counts.item(anchor), counts.item(item)
    lift = figure * bundle.manifest.buyers / (buyers * others)
    return (
        f'{{"code":"bought_together","text":"{figure} of {buyers} buyers of {title} also bought this",'
        f'"evidence":{{"together":{figure},"buyers":{buyers},"lift":{lift:.2f}}}}}'
    )


def _similar(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return reason_json("similar", f"Like {_title(situation, anchor)}", buyers_of_both=figure)


def _upgrade(situation: Situation, item: int, anchor: int, figure: int) -> str:
    """Says what is better, as far as both products tell it (figure: codes of `sources.upgrades`)."""
    tables = situation.bundle.tables
    price, before = (round(tables.product.price.item(row), 2) for row in (item, anchor))
    evidence: dict[str, Any] = {"price": price, "instead_of": before, "better": {}}
    text = f"A step up from {_title(situation, anchor)}: {price:.2f} instead of {before:.2f}"
    better, own = (msgspec.json.decode(tables.traits[row]) for row in (item, anchor))
    for code, name in BETTER_BY_TRAIT.items():
        if figure & code and better.get(name) and own.get(name):
            evidence["better"][name] = [own[name], better[name]]
    for name, (was, now) in evidence["better"].items():
        text += f"; {name_of_trait(name)}{now} instead of {was}"
    if figure & BOUGHT_AGAIN:
        again, again_before = (tables.product.repeat_rate.item(row) for row in (item, anchor))
        evidence |= {"bought_again": round(again, 2), "bought_again_before": round(again_before, 2)}
        text += f"; {again:.0%} of its buyers buy it again, not {again_before:.0%}"
    return reason_json("upgrade", text, **evidence)


def name_of_trait(name: str) -> str:
    """A rating is a number, so it is named; "stoneware" and "1 kg" speak for themselves."""
    return "rated " if name == "rating" else ""


def _browsing(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if anchor == item:
        return '{"code":"viewed","text":"You looked at this earlier","evidence":{}}'
    title = situation.bundle.tables.short_title_json(anchor)
    return f'{{"code":"viewed","text":"Because you looked at {title}","evidence":{{"together":{figure}}}}}'


def _for_you(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return reason_json("for_you", "Picked from what you bought and looked at", products=figure)


def _repeat(situation: Situation, item: int, anchor: int, figure: int) -> str:
    day = situation.last_bought.get(item)
    if day is None:  # it stands in for another size of it, which was bought and is out of stock
        return _for_you(situation, item, anchor, len(situation.last_bought))
    if situation.request.placement in REFILL_PLACEMENTS:
        refill = refill_due(situation, item)
        if refill is not None:
            return _refill(situation, figure, day, refill)
    return _buy_again(figure, day, situation.today)


@lru_cache(DATES_CACHED)
def _buy_again(orders: int, day: int, today: int) -> str:
    return (
        f'{{"code":"buy_again","text":"You bought this {_times(orders)}, last on {_date_text(today, day)}",'
        f'"evidence":{{"orders":{orders},"last_bought":"{_iso_date(day)}"}}}}'
    )


def _times(orders: int) -> str:
    return TIMES.get(orders) or f"{orders} times"


def _refill(situation: Situation, orders: int, last: int, refill: RefillDue) -> str:
    verb = "runs out" if refill.day >= situation.today else "ran out"
    return reason_json(
        "runs_out",
        f"You bought this {_times(orders)}; it {verb} about {_date_text(situation.today, refill.day)}",
        orders=orders,
        last_bought=_iso_date(last),
        expected_on=_iso_date(refill.day),
        earliest=_iso_date(refill.earliest),
        latest=_iso_date(refill.latest),
    )


def _next_basket(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if figure:
        return _repeat(situation, item, anchor, figure)
    return '{"code":"next_basket","text":"Bought by customers with a basket like yours","evidence":{}}'


def _popular(situation: Situation, item: int, anchor: int, figure: int) -> str:
    text = f"{figure} buyers" if figure > 1 else "Picked for you"
    return reason_json("popular", text, buyers=figure)


def _trending(situation: Situation, item: int, anchor: int, figure: int) -> str:
    until = (datetime.fromisoformat(situation.bundle.manifest.last_order) - EPOCH).days
    fresh = situation.today - until < TREND_FRESH_DAYS
    when = "in the last 14 days" if fresh else f"in the 14 days to {_date_text(situation.today, until)}"
    return reason_json("trending", f"Selling fast: {figure} orders {when}", orders_14d=figure)


def _new(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return reason_json("new", f"New since {_date_text(situation.today, figure)}", since=_iso_date(figure))


def _title(situation: Situation, item: int) -> str:
    return situation.bundle.tables.short_title(item)


@lru_cache(DATES_CACHED)
def _iso_date(day: int) -> str:
    return f"{EPOCH + timedelta(days=day):%Y-%m-%d}"


@lru_cache(DATES_CACHED)
def _date_text(today: int, day: int) -> str:
    """Day and month, and the year if it is not this year's."""
    date = EPOCH + timedelta(days=day)
    same_year = date.year == (EPOCH + timedelta(days=today)).year
    return f"{date.day} {date:%B}" if same_year else f"{date.day} {date:%B %Y}"


# Source -> its reason for an item, from the situation, the item, its anchor product (or NO_ANCHOR), and the
# source's count.
REASONS: dict[str, Callable[[Situation, int, int, int], str]] = {
    "co_purchase": _bought_together,
    "similar": _similar,
    "upgrade": _upgrade,
    "browsing": _browsing,
    "als": _for_you,
    "repeat": _repeat,
    "next_basket": _next_basket,
    "popular": _popular,
    "trending": _trending,
    "new": _new,
}
OF_PRODUCTS = frozenset({"co_purchase", "similar", "upgrade", "browsing"})
"""Sources whose reasons depend on item and anchor alone, not on the customer."""
