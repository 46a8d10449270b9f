"""Why a product is shown: one sentence with true counts, and the counts by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from recommender.candidates import NO_ANCHOR
from recommender.request import Situation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TITLE_LENGTH = 40
ENOUGH_BUYERS, MORE_OFTEN = 30, 0.05  # from here on it is told that a product's buyers come back for it more
FRESH_DAYS = 3  # a model's figures may be called the latest for so long


class Reason(msgspec.Struct, frozen=True):
    """A closed `code`, a sentence for the shopper, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


class Case(NamedTuple):
    """One product to be explained: what speaks for it (anchor, -1: nothing) and the figure behind it."""

    situation: Situation
    item: int
    anchor: int
    figure: int

    @property
    def anchor_title(self) -> str:
        """Short enough for a product card."""
        title = self.situation.title(self.anchor)
        return title if len(title) <= TITLE_LENGTH else f"{title[:TITLE_LENGTH].rpartition(' ')[0]} …"


def explain(situation: Situation, source: str, item: int, anchor: int, count: int) -> Reason:
    """The reason of `source` for `item`."""
    return REASONS[source](Case(situation, item, anchor, count))


def _bought_together(case: Case) -> Reason:
    if case.anchor == NO_ANCHOR:
        return _usual(case)
    bundle, together = case.situation.bundle, case.figure
    if together == 0:
        return Reason("goes_with", f"Goes with {case.anchor_title}", {})
    counts = bundle.tables.product.buyers
    buyers, others = counts.item(case.anchor), counts.item(case.item)
    evidence = {
        "together": together,
        "buyers": buyers,
        "lift": round(together * bundle.manifest.buyers / (buyers * others), 2),
    }
    text = f"{together} of {buyers} buyers of {case.anchor_title} also bought this"
    return Reason("bought_together", text, evidence)


def _similar(case: Case) -> Reason:
    return Reason("similar", f"Like {case.anchor_title}", {"buyers_of_both": case.figure})


def _upgrade(case: Case) -> Reason:
    """A higher price alone is no reason: what its buyers do is, where there are enough of both."""
    product = case.situation.bundle.tables.product
    price, before = (round(product.price.item(item), 2) for item in (case.item, case.anchor))
    again, again_before = (product.repeat_rate.item(item) for item in (case.item, case.anchor))
    evidence: dict[str, Any] = {"price": price, "instead_of": before}
    text = f"A step up from {case.anchor_title}: {price:.2f} instead of {before:.2f}"
    enough = min(product.buyers.item(case.item), product.buyers.item(case.anchor)) >= ENOUGH_BUYERS
    if enough and again >= again_before + MORE_OFTEN:
        evidence |= {"bought_again": round(again, 2), "bought_again_before": round(again_before, 2)}
        text += f"; {again:.0%} of its buyers buy it again, not {again_before:.0%}"
    return Reason("upgrade", text, evidence)


def _browsing(case: Case) -> Reason:
    if case.anchor == case.item:
        return Reason("viewed", "You looked at this earlier", {})
    return Reason("viewed", f"Because you looked at {case.anchor_title}", {"together": case.figure})


def _for_you(case: Case) -> Reason:
    return Reason("for_you", "Picked from what you bought and looked at", {"products": case.figure})


def _usual(case: Case) -> Reason:
    day = case.situation.fresh_purchases.get(case.item)
    if day is None:
        bought = case.situation.purchases
        day = int(bought.last_day[bought.items == case.item][0])
    times = {1: "once", 2: "twice"}.get(case.figure, f"{case.figure} times")
    evidence = {"orders": case.figure, "last_bought": f"{EPOCH + timedelta(days=day):%Y-%m-%d}"}
    return Reason("buy_again", f"You bought this {times}, last on {_spoken(case, day)}", evidence)


def _next_basket(case: Case) -> Reason:
    if case.figure:
        return _usual(case)
    return Reason("next_basket", "Bought by customers with a basket like yours", {})


def _popular(case: Case) -> Reason:
    text = f"{case.figure} buyers" if case.figure > 1 else "Picked for you"
    return Reason("popular", text, {"buyers": case.figure})


def _trending(case: Case) -> Reason:
    until = (datetime.fromisoformat(case.situation.bundle.manifest.last_order) - EPOCH).days
    fresh = case.situation.today - until < FRESH_DAYS
    when = "in the last 14 days" if fresh else f"in the 14 days to {_spoken(case, until)}"
    return Reason("trending", f"Selling fast: {case.figure} orders {when}", {"orders_14d": case.figure})


def _new(case: Case) -> Reason:
    since = f"{EPOCH + timedelta(days=case.figure):%Y-%m-%d}"
    return Reason("new", f"New since {_spoken(case, case.figure)}", {"since": since})


def _spoken(case: Case, day: int) -> str:
    """A date as people say it; with its year if that is another one."""
    date, today = EPOCH + timedelta(days=day), EPOCH + timedelta(days=case.situation.today)
    return f"{date.day} {date:%B}" if date.year == today.year else f"{date.day} {date:%B %Y}"


REASONS: dict[str, Callable[[Case], Reason]] = {
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
