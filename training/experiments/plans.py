"""Every experiment that was ever planned, as the home remembers it: Redis keeps the last versions only."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import redis

from features.home import Home
from features.merchant.versioned_settings import EXPERIMENTS
from features.store.files import changing, read_whole, write_whole
from recommender.experiments.plan import Experiment, Experiments

PLANS_FILE = "experiments.json"


def known_plans(home: Home) -> dict[str, Experiment]:
    """edition -> experiment, as it was last saved; oldest first."""
    kept = read_whole(home.root / PLANS_FILE)
    if kept is None:
        return {}
    return {each.edition: each for each in msgspec.json.decode(kept, type=list[Experiment])}


def remember_plans(home: Home, plans: Iterable[Experiment]) -> None:
    """Add to what is known; the later of two of one edition stands (its name or its end may have changed)."""
    file = home.root / PLANS_FILE
    with changing(file):
        before = known_plans(home)
        after = before | {each.edition: each for each in plans}
        if after != before:
            write_whole(file, msgspec.json.format(msgspec.json.encode(list(after.values()))))


def saved_plans(client: redis.Redis) -> list[Experiment]:
    """Of all versions that the store keeps, oldest first; what cannot be read is passed over."""
    found: list[Experiment] = []
    for version in reversed(EXPERIMENTS.kept(client)):
        try:
            found += msgspec.json.decode(version.settings, type=Experiments)
        except msgspec.DecodeError:
            continue
    return found
