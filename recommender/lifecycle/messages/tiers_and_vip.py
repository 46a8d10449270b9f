"""A tier that an order reached or nearly reached, and customers among the best."""

from collections.abc import Iterator

from features.time_units import DAY_MS, HOUR_MS
from recommender.customers.tiers import tier_status
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

AFTER_ORDER_DAYS, LASTS_DAYS = 14, 14  # after an order: a later message would not seem related to it


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Only after an order, so that a new shop does not write to all of its customers at once."""
    last_order_ms = customer.stats.last_order_ms
    if last_order_ms and now_ms < last_order_ms + AFTER_ORDER_DAYS * DAY_MS:
        yield from _reached(customer)
        yield from _near(customer, settings)
        yield from _vip(customer, settings)


def _reached(customer: Customer) -> Iterator[Occasion]:
    """The highest tier that the last order reached."""
    stats = customer.stats
    if stats.spend_before is None:
        return
    before, now = (customer.tiers.score(max(spend, 0.0)) for spend in (stats.spend_before, stats.revenue))
    reached = [tier for tier in customer.tiers.tiers if before < tier.threshold <= now]
    for tier in reached[-1:]:
        evidence = {"tier": tier.name, "score": round(now, 2), "threshold": tier.threshold}
        reason = OccasionReason("tier_reached", f"Their last order brought them to {tier.name}.", evidence)
        yield _occasion("reached", tier.name, customer, reason)


def _near(customer: Customer, settings: Settings) -> Iterator[Occasion]:
    status = tier_status(customer.tiers, customer.stats.revenue)
    if status.next is None or status.missing is None:
        return
    if status.missing > settings.tier_change.near_share * (status.score + status.missing):
        return
    what = "points" if status.by == "points" else "more spent"
    evidence = {"tier": status.next, "score": round(status.score, 2), "missing": round(status.missing, 2)}
    reason = OccasionReason(
        "tier_near", f"{status.missing:.2f} {what} bring them to {status.next}.", evidence
    )
    yield _occasion("near", status.next, customer, reason)


def _occasion(what: str, tier: str, customer: Customer, reason: OccasionReason) -> Occasion:
    due = customer.stats.last_order_ms + HOUR_MS
    return Occasion(
        kind="tier_change",
        key=f"tier_change:{what}:{tier}",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=reason,
        suggested="newsletter",
    )


def _vip(customer: Customer, settings: Settings) -> Iterator[Occasion]:
    stats, options = customer.stats, settings.vip
    if stats.orders < options.least_orders or stats.rank >= options.top_share:
        return
    due = stats.last_order_ms + DAY_MS
    text = f"Only {stats.rank:.1%} of customers spent more." if stats.rank else "No customer spent more."
    yield Occasion(
        kind="vip",
        key="vip",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=OccasionReason(
            "best_customer",
            text,
            {"orders": stats.orders, "spend": round(stats.revenue, 2), "rank": round(stats.rank, 4)},
        ),
        suggested="new",
    )
