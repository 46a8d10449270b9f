"""Messages under experiments: some customers get fewer, so that the effect of messages can be measured."""

from collections.abc import Collection

import msgspec

from recommender.experiments.assignment import SurfaceAssignment
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS, SERVICE
from recommender.lifecycle.vocabulary.settings import NEXT_BEST, Settings
from recommender.offers.catalogue import NO_OFFER


def settings_for(trial: SurfaceAssignment, settings: Settings) -> Settings:
    """Held-out customers get messages about their orders only, and no offers; an arm may remove offers."""
    if trial.treated.held_out:
        return _held_out(settings)
    if trial.arm is None or trial.arm.offers is None:
        return settings
    return _offering(settings, frozenset(trial.arm.offers))


def _held_out(settings: Settings) -> Settings:
    disabled = {
        kind: msgspec.structs.replace(settings.message(kind), enabled=False)
        for kind in MESSAGE_KINDS
        if kind not in SERVICE
    }
    return msgspec.structs.replace(_offering(settings, frozenset()), **disabled)


def _offering(settings: Settings, allowed: Collection[str]) -> Settings:
    """`next_best` stays while any offer is allowed, as /v1/offers applies the arm too."""
    kept = {*allowed, NO_OFFER} | ({NEXT_BEST} if allowed else set())
    limited = {
        kind: msgspec.structs.replace(
            message, offers=tuple(offer if offer in kept else NO_OFFER for offer in message.offers)
        )
        for kind in MESSAGE_KINDS
        for message in [settings.message(kind)]
    }
    return msgspec.structs.replace(settings, **limited)
