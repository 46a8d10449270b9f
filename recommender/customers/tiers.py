"""Loyalty tiers as the merchant sets them, and how far it is to the next."""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Threshold = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """threshold: the least score that reaches the tier, in money or points."""

    name: Name
    threshold: Threshold


class TierPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tiers in rising order. Thresholds are money spent, net of refunds, or points for it."""

    tiers: tuple[Tier, ...] = ()
    by: Literal["spend", "points"] = "spend"
    points_per_unit: Positive = 1.0

    def score(self, spend: float) -> float:
        """Money or points that count towards the tiers; points are whole."""
        return float(spend * self.points_per_unit // 1) if self.by == "points" else round(spend, 2)


class TierStatus(msgspec.Struct, frozen=True):
    """A customer's tier. name: None below the first tier; next, missing: None at the top.

    score and missing: money, or points; progress: 0-1 of the way from this tier to the next.
    """

    name: str | None
    by: str
    score: float
    next: str | None
    missing: float | None
    progress: float


class BadTiers(ValueError):
    """A plan that cannot be used; the message says what to change."""


def read_plan(text: bytes | None) -> TierPlan | None:
    """The plan in a JSON file; None where there is none. Raises BadTiers."""
    if text is None:
        return None
    try:
        plan = msgspec.json.decode(text, type=TierPlan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadTiers(f"tiers.json cannot be used: {error}. See docs/insights.md.") from error
    problems = contradictions(plan)
    if problems:
        raise BadTiers(f"tiers.json: {problems[0]}")
    return plan


def contradictions(plan: TierPlan) -> list[str]:
    """What is wrong with a plan, and for each problem what to do; empty: nothing."""
    problems = []
    if any(later.threshold <= earlier.threshold for earlier, later in pairwise(plan.tiers)):
        problems.append("each tier's threshold must be above the one before it.")
    if len({tier.name for tier in plan.tiers}) < len(plan.tiers):
        problems.append("two tiers have the same name.")
    return problems


def tier_status(plan: TierPlan, spend: float) -> TierStatus:
    """The tier that a customer's spend has reached, and the next."""
    score = plan.score(max(spend, 0.0))
    reached = [tier for tier in plan.tiers if tier.threshold <= score]
    ahead = plan.tiers[len(reached) :]
    if not ahead:
        return TierStatus(reached[-1].name if reached else None, plan.by, score, None, None, 1.0)
    start = reached[-1].threshold if reached else 0.0
    next_tier = ahead[0]
    return TierStatus(
        name=reached[-1].name if reached else None,
        by=plan.by,
        score=score,
        next=next_tier.name,
        missing=round(next_tier.threshold - score, 2),
        progress=round((score - start) / (next_tier.threshold - start), 4),
    )
