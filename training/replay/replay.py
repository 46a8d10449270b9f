"""A period's answers under a change: what differs, for whom, and what clicks it would have had."""

import msgspec

from features.home import Home
from features.progress import Report, silent
from features.store.settings import StoreSettings
from recommender.recommend import Recommender
from training.replay.changes import (
    Example,
    PlacementChange,
    ProductChange,
    answered_twice,
    examples,
    placement_changes,
    product_changes,
)
from training.replay.estimate import ClickEstimate, click_estimate
from training.replay.questions import Period, asked_again, shown_answers

MOST_PRODUCTS, MOST_EXAMPLES = 20, 10


class ReplayResult(msgspec.Struct, frozen=True):
    """products: in more or fewer answers, the largest difference first; clicks: None without answers."""

    placements: tuple[PlacementChange, ...]
    products: tuple[ProductChange, ...]
    examples: tuple[Example, ...]
    clicks: ClickEstimate | None


def replay_answers(
    home: Home,
    period: Period,
    recommenders: tuple[Recommender, Recommender],
    settings: StoreSettings,
    *,
    placements: tuple[str, ...] = (),
    at_most: int = 10_000,
    report: Report = silent,
) -> ReplayResult:
    """Ask the questions of a period again. recommenders: as things stand, and with the change; placements:
    all where empty; at_most: answers, evenly thinned out where there are more."""
    shown = shown_answers(home, period, placements, at_most)
    answers = list(answered_twice(asked_again(home, shown, settings, report), *recommenders))
    return ReplayResult(
        tuple(placement_changes(answers)),
        tuple(product_changes(answers)[:MOST_PRODUCTS]),
        tuple(examples(answers, MOST_EXAMPLES)),
        click_estimate(answers),
    )
