"""The worker's upkeep: every hour history is compacted, what is old enough is removed, and it is looked
whether all is well."""

import threading
from datetime import UTC, datetime, timedelta

import redis

from features.history.compaction import compact
from features.history.damaged_files import despite_damage
from features.history.retention import remove_old_records, remove_partial_files
from features.home import Home
from features.insights.attention import write_attention
from features.store.failover import reconnecting
from features.store.parts import Part
from features.store.settings import StoreSettings
from recommender.model.prune import prune, remove_unsealed
from training.experiments.plans import all_plans
from training.settings import TrainingSettings
from training.upkeep.attention import look
from training.upkeep.doctor import Patient

UPKEEP_S = 3_600.0
FIRST_S = 60.0  # after the start, which has enough to do
TRAINING_LIFE = timedelta(days=2)


def keep_in_order(client: redis.Redis, home: Home, settings: StoreSettings, stop: threading.Event) -> None:
    """Do a round an hour until `stop` is set, and look what needs attention."""
    part, training = Part("upkeep", home, every_s=UPKEEP_S), TrainingSettings()
    pause_s = FIRST_S
    while not stop.wait(pause_s):
        with part.round(), reconnecting(client):
            now = datetime.now(UTC)
            upkeep(home, settings, training, now)
            write_attention(home, look(Patient(home, client, settings, (), now.timestamp())))
        pause_s = UPKEEP_S


def upkeep(home: Home, settings: StoreSettings, training: TrainingSettings, now: datetime) -> None:
    """One round. Each step may be killed, and is done again."""
    remove_old_records(home, now, settings.records_days)
    remove_partial_files(home, now)
    despite_damage(home, lambda: compact(home, home.events, now, settings.browsing_days))
    for folder in (home.served, home.decisions):
        despite_damage(home, lambda folder=folder: compact(home, folder, now))  # type: ignore[misc]
    named = {arm.model for plan in all_plans(home).values() for arm in plan.arms if arm.model}
    prune(home.models, training.kept_models, named)
    remove_unsealed(home.models, (now - TRAINING_LIFE).timestamp())
