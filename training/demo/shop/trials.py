"""A holdout and two experiments in the shop's last half year, whose effects are known.

The effect of an arm is the share of customers' repeat orders that it loses.
"""

from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from features.history.impressions_parquet import served_table
from features.outgoing.impressions import ServedRecord
from recommender.arrays.hashing import uniform
from recommender.experiments.assignment import Trials, arm_of, is_held_out
from recommender.experiments.plan import OFFERS, Arm, Experiment
from recommender.merchandising.rules import Boost
from training.demo.shop.season import HISTORY_DAYS, ONE_DAY, Calendar

HOLDOUT_SHARE, HOLDOUT_DAYS, LOST_IN_HOLDOUT = 0.2, 180, 0.45
OFFERS_DAYS, LOST_WITHOUT_OFFERS = 90, 0.35  # included in LOST_IN_HOLDOUT, which gets no offers
BOOST_DAYS, PLANNED_WORTHWHILE = 45, 0.1
NAMED = 0.25  # of the orders of treated customers: they name the recommendation that they came from
CLICKED, CLICKED_HELD_OUT = 0.3, 0.12  # of products looked at: they name the answer that showed them
ANSWERS = {
    "home": "r",
    "product_similar": "p",
    "cart": "k",
}  # the placements of a visit, and what its ids begin with
SHOWN = 8  # products of an answer
TRIALS_SINCE = HISTORY_DAYS - HOLDOUT_DAYS


class AnsweredVisit(NamedTuple):
    """A visit that got recommendations, by its first event; second: since the history's start; named:
    products that a later event says were shown, by placement."""

    second: int
    customer_id: str | None
    anonymous_id: str | None
    session_id: str
    named: dict[str, list[str]]


def placement_clicked(visitor: str, session_id: str, product_id: str) -> str | None:
    """Where a product was shown that is looked at or put into the cart; None: nowhere."""
    chance = CLICKED_HELD_OUT if is_held_out(visitor, HOLDOUT_SHARE) else CLICKED
    draw = uniform("demo", "clicked", session_id, product_id) / chance
    return tuple(ANSWERS)[int(draw * len(ANSWERS))] if draw < 1 else None


def answer_id(placement: str, session_id: str) -> str:
    """Of the answer that a visit got there."""
    return f"{ANSWERS[placement]}-{session_id}"


def placement_of(recommendation_id: str) -> str:
    """Of an `answer_id`."""
    return next(name for name, begin in ANSWERS.items() if recommendation_id.startswith(f"{begin}-"))


class ShopTrials:
    """Arms and outcomes are hashes of ids: they take no draws from the simulation's random numbers."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._starts = {"offers-on": HISTORY_DAYS - OFFERS_DAYS, "cosy-home": HISTORY_DAYS - BOOST_DAYS}

    @cached_property
    def plans(self) -> list[Experiment]:
        """They ended with the history, so that visitors of the demo take part in none."""
        cosy = Boost(id="cosy", categories=("Candles & Home Scent",), factor=1.5)
        offers = Experiment(
            id="offers-on",
            name="Offers at all",
            arms=(Arm(id="without", offers=()), Arm(id="with")),
            worthwhile=PLANNED_WORTHWHILE,
            from_=self._date("offers-on"),
            until=self._calendar.now,
        )
        home = Experiment(
            id="cosy-home",
            name="Candles first on the home page",
            arms=(Arm(id="as_is"), Arm(id="candles", rules=(cosy,))),
            placements=("home",),
            worthwhile=PLANNED_WORTHWHILE,
            from_=self._date("cosy-home"),
            until=self._calendar.now,
        )
        return [offers, home]

    def takes_place(self, customer_id: str, day: float) -> bool:
        """Whether a repeat order of that day is placed in spite of what its arm loses."""
        return uniform("demo", "order", customer_id, f"{day:.4f}") >= self._lost(customer_id, day)

    def earned(self, customer_id: str, day: float) -> float:
        """The expected share of a repeat order's value that would have been lost in the holdout."""
        if day < TRIALS_SINCE or is_held_out(customer_id, HOLDOUT_SHARE):
            return 0.0
        return 1 - (1 - LOST_IN_HOLDOUT) / (1 - self._lost(customer_id, day))

    def recommendation_of(self, visitor: str | None, session_id: str | None, day: float) -> str | None:
        """The id of the recommendation that an order of this visit names, if any."""
        within = day > TRIALS_SINCE and visitor is not None and session_id is not None
        if not within or is_held_out(str(visitor), HOLDOUT_SHARE):
            return None
        draw = uniform("demo", "named", str(session_id)) / NAMED
        return answer_id(tuple(ANSWERS)[int(draw * len(ANSWERS))], str(session_id)) if draw < 1 else None

    def truth(self) -> dict[str, Any]:
        """For truth.json."""
        return {
            "holdout": {
                "share": HOLDOUT_SHARE,
                "since": self._calendar.date(TRIALS_SINCE).isoformat(timespec="seconds"),
                "repeat_orders_lost": LOST_IN_HOLDOUT,
            },
            "experiments": {
                "offers-on": {"repeat_orders_lost": {"without": LOST_WITHOUT_OFFERS, "with": 0.0}},
                "cosy-home": {"repeat_orders_lost": {"as_is": 0.0, "candles": 0.0}},
            },
        }

    def write_served(self, path: Path, visits: list[AnsweredVisit], product_ids: list[str]) -> None:
        """The log of impressions: of each visit the placements of ANSWERS, and one of offers if signed in.

        product_ids: of what may be shown beside that which was clicked, first ones most often.
        """
        trials = Trials(self.plans, HOLDOUT_SHARE)
        records = [record for visit in visits for record in self._records(visit, trials, product_ids)]
        served_table(records).write_parquet(path)

    def _records(self, visit: AnsweredVisit, trials: Trials, product_ids: list[str]) -> list[ServedRecord]:
        at = self._calendar.start + timedelta(seconds=visit.second)
        visitor = visit.customer_id or visit.anonymous_id
        home, *others = [
            ServedRecord(
                recommendation_id=answer_id(placement, visit.session_id),
                at=at,
                placement=placement,
                product_ids=_shown(visit, placement, product_ids),
                customer_id=visit.customer_id,
                anonymous_id=visit.anonymous_id,
                session_id=visit.session_id,
                treated=trials.of(visitor, "home", at.timestamp()).treated,
            )
            for placement in ANSWERS
        ]
        apart = {
            "experiment": None,
            "plan_hash": None,
            "arm": None,
            "propensity": None,
        }  # these are of the home page
        others = [
            msgspec.structs.replace(each, treated=msgspec.structs.replace(each.treated, **apart))
            for each in others
        ]
        if visit.customer_id is None:
            return [home, *others]
        treated = trials.of(visitor, OFFERS, at.timestamp()).treated
        offer_request = msgspec.structs.replace(
            home,
            recommendation_id=f"o-{visit.session_id}",
            placement=OFFERS,
            product_ids=(),
            treated=treated,
        )
        return [home, *others, offer_request]

    def _lost(self, customer_id: str, day: float) -> float:
        if not TRIALS_SINCE < day < HISTORY_DAYS:
            return 0.0
        if is_held_out(customer_id, HOLDOUT_SHARE):
            return LOST_IN_HOLDOUT
        arm = arm_of(self.plans[0], customer_id) if day > self._starts["offers-on"] else None
        return LOST_WITHOUT_OFFERS if arm is not None and arm.id == "without" else 0.0

    def _date(self, experiment: str) -> datetime:
        return self._calendar.start + self._starts[experiment] * ONE_DAY


def _shown(visit: AnsweredVisit, placement: str, product_ids: list[str]) -> tuple[str, ...]:
    named = visit.named.get(placement, [])
    draws = (uniform("demo", "shown", visit.session_id, placement, str(rank)) for rank in range(SHOWN))
    others = (product_ids[int(draw**2 * len(product_ids))] for draw in draws)
    return tuple(dict.fromkeys([*named, *others]))[: max(SHOWN, len(named))]
