"""Whom a rule is about: a segment, tier, country or channel, first-time or returning visitors."""

from typing import Annotated, Literal, NamedTuple

import msgspec

from features.events.vocabulary import Id
from recommender.context.request import Situation
from recommender.customers.build_profile import brief_profile
from recommender.customers.tiers import TierPlan
from recommender.model.availability import Availability
from recommender.value.segments import SEGMENTS

Names = Annotated[tuple[Id, ...], msgspec.Meta(max_length=300)]
SEGMENT_NAMES = tuple(segment.name for segment in SEGMENTS)


class Whom(NamedTuple):
    """Whom an answer is for. Names in small letters; None: not known. returning: has ordered before."""

    segment: str | None = None
    tier: str | None = None
    country: str | None = None
    channel: str | None = None
    returning: bool = False


class Audience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that is named must fit, and one of each list. Who is not known is in no list."""

    segments: Names = ()
    tiers: Names = ()
    countries: Names = ()
    channels: Names = ()
    visitors: Literal["first_time", "returning"] | None = None

    def holds(self, whom: Whom) -> bool:
        """Whether somebody is one of them."""
        if self.visitors is not None and (self.visitors == "returning") != whom.returning:
            return False
        pairs = (
            (self.segments, whom.segment),
            (self.tiers, whom.tier),
            (self.countries, whom.country),
            (self.channels, whom.channel),
        )
        return all(not names or _is_in(name, names) for names, name in pairs)

    @property
    def is_empty(self) -> bool:
        return self == Audience()


def whom_of(situation: Situation, availability: Availability, tiers: TierPlan | None) -> Whom:
    """Whom a question is for. The request's country counts before the customer's own."""
    request, bought = situation.request, situation.last_bought
    if request.customer_id is None:
        return Whom(country=_small(request.country), returning=bool(bought))
    orders = situation.shopper.purchases
    profile = brief_profile(request.customer_id, situation.bundle, availability, orders, tiers, request.now)
    return Whom(
        segment=profile.segment,
        tier=_small(profile.tier.name) if profile.tier else None,
        country=_small(request.country or profile.country),
        channel=_small(profile.channel),
        returning=profile.orders > 0 or bool(bought),
    )


def _is_in(name: str | None, names: Names) -> bool:
    return name is not None and name in map(str.casefold, names)


def _small(name: str | None) -> str | None:
    return name.casefold() if name else None
