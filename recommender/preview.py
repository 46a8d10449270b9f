"""A preview of what rules would change in one answer, before they are saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from recommender.context.request import Request, Situation
from recommender.merchandising.audience import whom_of
from recommender.merchandising.rules import AnyRule
from recommender.recommend import Pick, Recommender


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """One rule, added to those before it. is_active: whether it applies at this placement and time, to this
    shopper."""

    rule: AnyRule
    is_active: bool
    before: list[Pick]
    after: list[Pick]


def preview(
    recommender: Recommender, rules: Sequence[AnyRule], request: Request, k: int, visitor: str | None
) -> tuple[list[Pick], list[PreviewStep]]:
    """The answer without rules, and how it changes as rules are added one by one, in their order."""
    moment = datetime.fromtimestamp(request.now, UTC)
    plain = before = replace(recommender, rules=()).recommend(request, k, visitor)
    situation = Situation(request, recommender.bundle)
    whom, steps = whom_of(situation, recommender.availability, recommender.tiers), []
    for count, rule in enumerate(rules, 1):
        is_active = rule.is_active(request.placement, moment) and rule.is_for(whom)
        after = before
        if is_active:
            after = replace(recommender, rules=rules[:count]).recommend(request, k, visitor)
        steps.append(PreviewStep(rule, is_active, before, after))
        before = after
    return plain, steps
