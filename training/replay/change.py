"""A change to try: other rules, other weights of sources, another model version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import redis

from features.catalogue.live_changes import all_changes
from features.home import Home
from features.merchant.versioned_settings import MERCHANDISING
from recommender.context.request import PLACEMENTS
from recommender.merchandising.rules import AnyRule, Rules, contradictions, unknown_names
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import SOURCE_MIXES
from recommender.recommend import Recommender


class BadChange(ValueError):
    """The change cannot be tried; the message says what to write instead."""


@dataclass(frozen=True)
class Change:
    """rules: in place of the saved ones; weights: (placement, source) -> weight; model: a version's name.
    None, and what is left out: as things stand."""

    rules: Sequence[AnyRule] | None = None
    weights: Mapping[tuple[str, str], float] | None = None
    model: str | None = None


def before_and_after(home: Home, client: redis.Redis, change: Change) -> tuple[Recommender, Recommender]:
    """The recommender as it stands, with live prices and stock, and as the change would have it.

    Raises BadChange, BadBundle.
    """
    bundle = versions.load_current(home.models)
    if bundle is None:
        raise BadChange("there is no model yet; run `perennial train`")
    rules = msgspec.json.decode(MERCHANDISING.current_sync(client).settings, type=Rules)
    live = all_changes(client)
    other = versions.load(home.models, change.model) if change.model else bundle
    if change.weights:
        other = _with_weights(other, change.weights)
    if change.rules is not None and (
        wrong := contradictions(change.rules) + unknown_names(change.rules, other.tables)
    ):
        raise BadChange(wrong[0])

    def recommender(bundle: Bundle, rules: Sequence[AnyRule]) -> Recommender:
        availability = Availability.of(bundle.tables).changed(bundle.tables, live)
        return Recommender(bundle, availability, rules=rules)

    return recommender(bundle, rules), recommender(other, rules if change.rules is None else change.rules)


def read_rules(path: Path) -> Sequence[AnyRule]:
    """A list of rules as `PUT /v1/merchandising` takes them, or its whole body. Raises BadChange."""
    try:
        content = msgspec.json.decode(path.read_bytes())
        listed = content.get("rules", content) if isinstance(content, dict) else content
        return msgspec.convert(listed, Rules)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadChange(f"{path}: {error}") from error


def read_weight(text: str) -> tuple[tuple[str, str], float]:
    """`home.als=0.5` as ((placement, source), weight). Raises BadChange."""
    name, _, weight = text.partition("=")
    placement, _, source = name.partition(".")
    if placement not in PLACEMENTS:
        raise BadChange(f"`{text}`: there is no placement `{placement}`; there are {', '.join(PLACEMENTS)}")
    sources = list(dict.fromkeys(each.name for each in SOURCE_MIXES[placement]))
    if source not in sources:
        raise BadChange(f"`{text}`: `{placement}` has no source `{source}`; it has {', '.join(sources)}")
    try:
        value = float(weight)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadChange(f"`{text}`: a weight is a number from 0 to 1, as in `{placement}.{source}=0.5`")
    return (placement, source), value


def _with_weights(bundle: Bundle, weights: Mapping[tuple[str, str], float]) -> Bundle:
    blends = bundle.tables.blends.copy()
    for (placement, name), weight in weights.items():
        for column, source in enumerate(SOURCE_MIXES[placement]):
            if source.name == name:
                blends[PLACEMENTS.index(placement), column] = weight
    return replace(bundle, tables=replace(bundle.tables, blends=blends))
