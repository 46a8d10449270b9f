"""Where a visit goes next, on rows whose sums can be computed by hand."""

import numpy as np
import pytest

from features.live.shopper_state import ShopperState
from recommender.arrays.tables import Sessions
from recommender.context.request import Request, Situation
from recommender.model.availability import Availability
from recommender.recommend import Recommender
from recommender.sources.session import next_in_visit, step

from bundles import NOW, PRODUCTS, item, neighbours, small_bundle

ONWARD = neighbours({"kettle": [("tea", 4.0, 9), ("mug", 1.0, 2)], "mug": [("tea", 2.0, 3), ("cup", 1.0, 1)]})


def scores(viewed: list[str], fade: float = 0.5, back: float = 0.0, again: float = 0.0) -> dict[str, float]:
    sessions = Sessions(ONWARD, np.array([fade, back, again], np.float32))
    found = step(sessions, [item(name) for name in viewed])
    totals: dict[str, float] = {}
    for product, score in zip(found.items.tolist(), found.scores.tolist(), strict=True):
        totals[PRODUCTS[product]] = totals.get(PRODUCTS[product], 0.0) + score
    return totals


@pytest.mark.parametrize(
    ("viewed", "habits", "expected"),
    [
        ([], {}, {}),
        (["kettle"], {}, {"tea": 4.0, "mug": 1.0}),
        (["mug", "kettle"], {}, {"tea": 2.0 + 0.5 * 4.0, "cup": 1.0}),
        (["mug", "kettle"], {"back": 0.5}, {"tea": 4.0, "cup": 1.0, "kettle": 0.5 * 5.0}),
        (
            ["mug", "kettle", "tin"],
            {"back": 0.5, "again": 0.1},
            {"tea": 4.0, "cup": 1.0, "kettle": 2.5, "tin": 0.5},
        ),
        (["tin", "pot"], {"back": 0.5}, {}),
    ],
)
def test_what_lies_onward_adds_up_and_returns_pull_by_habit(
    viewed: list[str], habits: dict[str, float], expected: dict[str, float]
) -> None:
    assert scores(viewed, **habits) == pytest.approx(expected)


def test_where_no_visit_led_on_the_neighbours_speak() -> None:
    bundle = small_bundle()
    visit = ShopperState(viewed=("kettle",))
    found = next_in_visit(Situation(Request("home", now=NOW.timestamp(), shopper=visit), bundle))
    assert {PRODUCTS[product] for product in found.items} == {"pot", "tea", "mug"}


def test_home_follows_the_visit_and_says_why() -> None:
    bundle = small_bundle()
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    visit = ShopperState(viewed=("pot", "cup"))
    others = tuple(set(PRODUCTS) - {"tin", "cup"})
    request = Request("home", now=NOW.timestamp(), shopper=visit, exclude=others)
    first, second = recommender.recommend(request, 2)
    assert (PRODUCTS[first.item], first.source) == ("tin", "browsing")
    assert (first.reason.code, first.reason.text) == ("viewed", "Because you looked at Pot")
    assert first.reason.evidence == {"together": 7}
    assert PRODUCTS[second.item] == "cup"
    assert second.reason.text == "You looked at this earlier"
