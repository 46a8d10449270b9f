"""The worker's part of experiments: which ones are planned, and who was told of an offer under which arm."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import redis

from features.merchant.versioned_settings import EXPERIMENTS
from features.outgoing.impressions import ServedRecord
from features.outgoing.trigger_queue import TriggerDecision
from features.store import keys
from recommender.experiments.assignment import Trials
from recommender.experiments.plan import OFFERS, Experiment, Experiments
from recommender.lifecycle.vocabulary.settings import Settings

log = logging.getLogger("perennial.lifecycle")
_encode = msgspec.json.Encoder().encode


def planned(client: redis.Redis) -> Sequence[Experiment]:
    """The owner's experiments; none where nothing is saved, or where it cannot be read."""
    standing = EXPERIMENTS.current_sync(client)
    try:
        return msgspec.json.decode(standing.settings, type=Experiments) if standing.revision else ()
    except msgspec.DecodeError as error:
        log.warning("saved experiments cannot be read; none runs", extra={"reason": str(error)})
        return ()


def note_exposures(
    client: redis.Redis, trials: Trials, decided: Sequence[TriggerDecision], now_ms: int, settings: Settings
) -> None:
    """Who takes part in an experiment about offers and was written to on an occasion for one.

    Whatever the arm made of it: the arms must stay comparable. Noted again, it counts once.
    """
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    records = [
        ServedRecord(trigger.id, at, OFFERS, (), customer_id=each.customer_id, treated=treated)
        for each in decided
        if (treated := trials.of(each.customer_id, OFFERS, now_ms / 1000).treated).plan_hash
        for trigger in each.triggers
        if settings.message(trigger.kind).offers  # type: ignore[arg-type]
    ]
    if records:
        client.xadd(keys.served_stream(), {"s": _encode(records)})
