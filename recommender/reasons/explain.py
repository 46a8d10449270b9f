"""Why a product is shown: one sentence with true counts, and the counts by themselves."""

# ruff: noqa: ARG001 - one signature for every reason

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Situation
from recommender.reasons.refill_due import TELL_WHEN, RunsOut, runs_out

TIMES = {1: "once", 2: "twice"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS_REMEMBERED = 5_000
ENOUGH_BUYERS, MORE_OFTEN = 30, 0.05  # from here on it is told that a product's buyers come back for it more
FRESH_DAYS = 3  # a model's figures may be called the latest for so long


class Reason(msgspec.Struct, frozen=True):
    """A closed `code`, a sentence for the shopper, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


_encode = msgspec.json.Encoder().encode
reason_of = msgspec.json.Decoder(Reason).decode


def told(code: str, text: str, **evidence: Any) -> str:
    """A reason as the JSON of it: answers need no more. The commonest are written out below."""
    return _encode(Reason(code, text, evidence)).decode()


def _bought_together(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if anchor == NO_ROW:
        return _usual(situation, item, anchor, figure)
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
    return told("similar", f"Like {_title(situation, anchor)}", buyers_of_both=figure)


def _upgrade(situation: Situation, item: int, anchor: int, figure: int) -> str:
    """A higher price alone is no reason: what its buyers do is, where there are enough of both."""
    product = situation.bundle.tables.product
    price, before = (round(product.price.item(item), 2) for item in (item, anchor))
    again, again_before = (product.repeat_rate.item(item) for item in (item, anchor))
    evidence: dict[str, Any] = {"price": price, "instead_of": before}
    text = f"A step up from {_title(situation, anchor)}: {price:.2f} instead of {before:.2f}"
    enough = min(product.buyers.item(item), product.buyers.item(anchor)) >= ENOUGH_BUYERS
    if enough and again >= again_before + MORE_OFTEN:
        evidence |= {"bought_again": round(again, 2), "bought_again_before": round(again_before, 2)}
        text += f"; {again:.0%} of its buyers buy it again, not {again_before:.0%}"
    return told("upgrade", text, **evidence)


def _browsing(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if anchor == item:
        return '{"code":"viewed","text":"You looked at this earlier","evidence":{}}'
    title = situation.bundle.tables.short_title_json(anchor)
    return f'{{"code":"viewed","text":"Because you looked at {title}","evidence":{{"together":{figure}}}}}'


def _for_you(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return told("for_you", "Picked from what you bought and looked at", products=figure)


def _usual(situation: Situation, item: int, anchor: int, figure: int) -> str:
    day = situation.last_bought[item]
    if situation.request.placement in TELL_WHEN:
        refill = runs_out(situation, item)
        if refill is not None:
            return _refill(situation, figure, day, refill)
    return _buy_again(figure, day, situation.today)


@lru_cache(DAYS_REMEMBERED)
def _buy_again(orders: int, day: int, today: int) -> str:
    return (
        f'{{"code":"buy_again","text":"You bought this {_times(orders)}, last on {_spoken(today, day)}",'
        f'"evidence":{{"orders":{orders},"last_bought":"{_iso(day)}"}}}}'
    )


def _times(orders: int) -> str:
    return TIMES.get(orders) or f"{orders} times"


def _refill(situation: Situation, orders: int, last: int, refill: RunsOut) -> str:
    verb = "runs out" if refill.day >= situation.today else "ran out"
    return told(
        "runs_out",
        f"You bought this {_times(orders)}; it {verb} about {_spoken(situation.today, refill.day)}",
        orders=orders,
        last_bought=_iso(last),
        expected_on=_iso(refill.day),
        earliest=_iso(refill.earliest),
        latest=_iso(refill.latest),
    )


def _next_basket(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if figure:
        return _usual(situation, item, anchor, figure)
    return '{"code":"next_basket","text":"Bought by customers with a basket like yours","evidence":{}}'


def _popular(situation: Situation, item: int, anchor: int, figure: int) -> str:
    text = f"{figure} buyers" if figure > 1 else "Picked for you"
    return told("popular", text, buyers=figure)


def _trending(situation: Situation, item: int, anchor: int, figure: int) -> str:
    until = (datetime.fromisoformat(situation.bundle.manifest.last_order) - EPOCH).days
    fresh = situation.today - until < FRESH_DAYS
    when = "in the last 14 days" if fresh else f"in the 14 days to {_spoken(situation.today, until)}"
    return told("trending", f"Selling fast: {figure} orders {when}", orders_14d=figure)


def _new(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return told("new", f"New since {_spoken(situation.today, figure)}", since=_iso(figure))


def _title(situation: Situation, item: int) -> str:
    return situation.bundle.tables.short_title(item)


@lru_cache(DAYS_REMEMBERED)
def _iso(day: int) -> str:
    return f"{EPOCH + timedelta(days=day):%Y-%m-%d}"


@lru_cache(DAYS_REMEMBERED)
def _spoken(today: int, day: int) -> str:
    """A date as people say it; with its year if that is another one."""
    date = EPOCH + timedelta(days=day)
    same_year = date.year == (EPOCH + timedelta(days=today)).year
    return f"{date.day} {date:%B}" if same_year else f"{date.day} {date:%B %Y}"


# By source: why it proposes an item of a situation; the product that speaks for it (or -1), and the figure
# behind it.
REASONS: dict[str, Callable[[Situation, int, int, int], str]] = {
    "co_purchase": _bought_together,
    "similar": _similar,
    "upgrade": _upgrade,
    "browsing": _browsing,
    "als": _for_you,
    "repeat": _usual,
    "next_basket": _next_basket,
    "popular": _popular,
    "trending": _trending,
    "new": _new,
}
OF_PRODUCTS = frozenset({"co_purchase", "similar", "upgrade", "browsing"})
"""Sources whose reasons, where a product speaks for another, are the same whoever asks."""
