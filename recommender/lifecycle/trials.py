"""Messages under experiments: some hear less than others, so that it can be told what messages earn."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from recommender.experiments.assignment import Trial
from recommender.lifecycle.vocabulary.occasion import KINDS, SERVICE
from recommender.lifecycle.vocabulary.settings import NEXT_BEST, Settings
from recommender.offers.catalogue import NO_OFFER


def settings_for(trial: Trial, settings: Settings) -> Settings:
    """Who is held out hears about their orders alone, and of no offer; an arm may leave some offers."""
    if trial.treated.held_out:
        return _held_out(settings)
    if trial.arm is None or trial.arm.offers is None:
        return settings
    return _offering(settings, frozenset(trial.arm.offers))


def _held_out(settings: Settings) -> Settings:
    silent = {
        kind: msgspec.structs.replace(settings.message(kind), enabled=False)
        for kind in KINDS
        if kind not in SERVICE
    }
    return msgspec.structs.replace(_offering(settings, frozenset()), **silent)


def _offering(settings: Settings, left: Collection[str]) -> Settings:
    """`next_best` is left to /v1/offers, which knows the arms, too; where an arm leaves none, it is gone."""
    kept = {*left, NO_OFFER} | ({NEXT_BEST} if left else set())
    fewer = {
        kind: msgspec.structs.replace(
            message, offers=tuple(offer if offer in kept else NO_OFFER for offer in message.offers)
        )
        for kind in KINDS
        for message in [settings.message(kind)]
    }
    return msgspec.structs.replace(settings, **fewer)
