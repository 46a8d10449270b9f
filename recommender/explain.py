"""Why a product is shown: one sentence with true counts, and the counts by themselves."""

# ruff: noqa: ARG001 - one signature for every reason

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from recommender.candidates import NO_ANCHOR
from recommender.request import Situation
from recommender.runs_out import RunsOut, runs_out

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS_REMEMBERED = 5_000
ENOUGH_BUYERS, MORE_OFTEN = 30, 0.05  # from here on it is told that a product's buyers come back for it more
FRESH_DAYS = 3  # a model's figures may be called the latest for so long


class Reason(msgspec.Struct, frozen=True):
    """A closed `code`, a sentence for the shopper, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


def _bought_together(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    if anchor == NO_ANCHOR:
        return _usual(situation, item, anchor, figure)
    bundle, title = situation.bundle, situation.bundle.tables.short_title(anchor)
    if figure == 0:
        return Reason("goes_with", f"Goes with {title}", {})
    counts = bundle.tables.product.buyers
    buyers, others = counts.item(anchor), counts.item(item)
    lift = round(figure * bundle.manifest.buyers / (buyers * others), 2)
    text = f"{figure} of {buyers} buyers of {title} also bought this"
    return Reason("bought_together", text, {"together": figure, "buyers": buyers, "lift": lift})


def _similar(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    return Reason("similar", f"Like {_title(situation, anchor)}", {"buyers_of_both": figure})


def _upgrade(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
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
    return Reason("upgrade", text, evidence)


def _browsing(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    if anchor == item:
        return Reason("viewed", "You looked at this earlier", {})
    return Reason("viewed", f"Because you looked at {_title(situation, anchor)}", {"together": figure})


def _for_you(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    return Reason("for_you", "Picked from what you bought and looked at", {"products": figure})


def _usual(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    day = situation.last_bought[item]
    times = {1: "once", 2: "twice"}.get(figure, f"{figure} times")
    evidence = {"orders": figure, "last_bought": _iso(day)}
    refill = runs_out(situation, item)
    if refill is not None:
        return _refill(situation, f"You bought this {times}", evidence, refill)
    return Reason("buy_again", f"You bought this {times}, last on {_spoken(situation.today, day)}", evidence)


def _refill(situation: Situation, bought: str, evidence: dict[str, Any], refill: RunsOut) -> Reason:
    verb = "runs out" if refill.day >= situation.today else "ran out"
    evidence |= {
        "expected_on": _iso(refill.day),
        "earliest": _iso(refill.earliest),
        "latest": _iso(refill.latest),
    }
    return Reason("runs_out", f"{bought}; it {verb} about {_spoken(situation.today, refill.day)}", evidence)


def _next_basket(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    if figure:
        return _usual(situation, item, anchor, figure)
    return Reason("next_basket", "Bought by customers with a basket like yours", {})


def _popular(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    text = f"{figure} buyers" if figure > 1 else "Picked for you"
    return Reason("popular", text, {"buyers": figure})


def _trending(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    until = (datetime.fromisoformat(situation.bundle.manifest.last_order) - EPOCH).days
    fresh = situation.today - until < FRESH_DAYS
    when = "in the last 14 days" if fresh else f"in the 14 days to {_spoken(situation.today, until)}"
    return Reason("trending", f"Selling fast: {figure} orders {when}", {"orders_14d": figure})


def _new(situation: Situation, item: int, anchor: int, figure: int) -> Reason:
    since = _iso(figure)
    return Reason("new", f"New since {_spoken(situation.today, figure)}", {"since": since})


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
REASONS: dict[str, Callable[[Situation, int, int, int], Reason]] = {
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
