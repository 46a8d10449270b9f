"""A customer's standing: a tier that an order reached or nearly reached, and the best of all."""

from __future__ import annotations

from collections.abc import Iterator

from features.time_units import DAY_MS, HOUR_MS
from recommender.customers.tiers import tier_standing
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, Reason
from recommender.lifecycle.vocabulary.settings import Settings

FRESH_DAYS, LASTS_DAYS = 14, 14  # after an order: later nobody would see what the message is for


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Only after an order: a shop that begins with us does not write to all of its customers at once."""
    ordered = customer.worth.last_order_ms
    if ordered and now_ms < ordered + FRESH_DAYS * DAY_MS:
        yield from _reached(customer)
        yield from _near(customer, settings)
        yield from _vip(customer, settings)


def _reached(customer: Customer) -> Iterator[Occasion]:
    """The highest tier between the spend before the last order and now."""
    worth = customer.worth
    if worth.spend_before is None:
        return
    before, now = (customer.tiers.score(max(spend, 0.0)) for spend in (worth.spend_before, worth.revenue))
    reached = [tier for tier in customer.tiers.tiers if before < tier.threshold <= now]
    for tier in reached[-1:]:
        evidence = {"tier": tier.name, "score": round(now, 2), "threshold": tier.threshold}
        reason = Reason("tier_reached", f"Their last order brought them to {tier.name}.", evidence)
        yield _occasion("reached", tier.name, customer, reason)


def _near(customer: Customer, settings: Settings) -> Iterator[Occasion]:
    at = tier_standing(customer.tiers, customer.worth.revenue)
    if at.next is None or at.missing is None:
        return
    if at.missing > settings.tier_change.near_share * (at.score + at.missing):
        return
    what = "points" if at.by == "points" else "more spent"
    evidence = {"tier": at.next, "score": round(at.score, 2), "missing": round(at.missing, 2)}
    reason = Reason("tier_near", f"{at.missing:.2f} {what} bring them to {at.next}.", evidence)
    yield _occasion("near", at.next, customer, reason)


def _occasion(what: str, tier: str, customer: Customer, reason: Reason) -> Occasion:
    due = customer.worth.last_order_ms + HOUR_MS
    return Occasion(
        kind="tier_change",
        key=f"tier_change:{what}:{tier}",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=reason,
        suggested="email",
    )


def _vip(customer: Customer, settings: Settings) -> Iterator[Occasion]:
    worth, wanted = customer.worth, settings.vip
    if worth.orders < wanted.least_orders or worth.rank >= wanted.top_share:
        return
    due = worth.last_order_ms + DAY_MS
    text = f"Only {worth.rank:.1%} of customers spent more." if worth.rank else "No customer spent more."
    yield Occasion(
        kind="vip",
        key="vip",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=Reason(
            "best_customer",
            text,
            {"orders": worth.orders, "spend": round(worth.revenue, 2), "rank": round(worth.rank, 4)},
        ),
        suggested="new",
    )
