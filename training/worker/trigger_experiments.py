"""The worker's part of experiments: which ones are saved, and who was exposed to which arm by a trigger."""

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

logger = logging.getLogger("perennial.lifecycle")
_encode = msgspec.json.Encoder().encode


def saved_experiments(client: redis.Redis) -> Sequence[Experiment]:
    """The saved experiments; none where nothing is saved, or where it cannot be decoded."""
    current = EXPERIMENTS.current_sync(client)
    try:
        return msgspec.json.decode(current.settings, type=Experiments) if current.revision else ()
    except msgspec.DecodeError as error:
        logger.warning("saved experiments cannot be read; none runs", extra={"reason": str(error)})
        return ()


def note_exposures(
    client: redis.Redis, trials: Trials, decisions: Sequence[TriggerDecision], now_ms: int, settings: Settings
) -> None:
    """Log the exposures of an experiment about offers: customers who got a trigger that may carry one.

    They are logged in every arm, whether it gave an offer or not, so that the arms stay comparable. An
    exposure that is logged twice counts once.
    """
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    records = [
        ServedRecord(trigger.id, at, OFFERS, (), customer_id=each.customer_id, treated=treated)
        for each in decisions
        if (treated := trials.of(each.customer_id, OFFERS, now_ms / 1000).treated).plan_hash
        for trigger in each.triggers
        if settings.message(trigger.kind).offers  # type: ignore[arg-type]
    ]
    if records:
        client.xadd(keys.served_stream(), {"s": _encode(records)})
