"""Every version of every experiment, kept in a file of the home: Redis keeps the last versions only."""

from collections.abc import Iterable

import msgspec
import redis

from features.home import Home
from features.merchant.versioned_settings import EXPERIMENTS
from features.store.files import changing, read_whole, write_whole
from recommender.experiments.plan import Experiment, Experiments

PLANS_FILE = "experiments.json"


def all_plans(home: Home) -> dict[str, Experiment]:
    """Hash of the plan -> experiment, as it was last saved; oldest first."""
    saved = read_whole(home.root / PLANS_FILE)
    if saved is None:
        return {}
    return {each.plan_hash: each for each in msgspec.json.decode(saved, type=list[Experiment])}


def remember_plans(home: Home, plans: Iterable[Experiment]) -> None:
    """Add plans to the file. Of two with one hash the later is kept: its name or its end may have changed."""
    file = home.root / PLANS_FILE
    with changing(file):
        before = all_plans(home)
        after = before | {each.plan_hash: each for each in plans}
        if after != before:
            write_whole(file, msgspec.json.format(msgspec.json.encode(list(after.values()))))


def saved_plans(client: redis.Redis) -> list[Experiment]:
    """The experiments of all versions in Redis, oldest first; unreadable versions are skipped."""
    plans: list[Experiment] = []
    for version in reversed(EXPERIMENTS.newest_sync(client)):
        try:
            plans += msgspec.json.decode(version.settings, type=Experiments)
        except msgspec.DecodeError:
            continue
    return plans
