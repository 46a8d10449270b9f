"""What the year does to a shop, told from its growth and from who left."""

import numpy as np

from features.time_units import MEAN_YEAR_DAYS
from recommender.value.business_calendar import UNIFORM_CALENDAR, YEAR_PARTS
from training.customers.rfm import OrderDays
from training.customers.season import season

BEGIN = 19_000


def shop(n_days: int, busy: bool, leave_after: float = 1e9) -> OrderDays:
    """Customers join evenly and order about every 30 days; if busy, thrice as often in the last quarter."""
    rng = np.random.default_rng(0)
    pairs = []
    for customer in range(1_500):
        first = int(rng.integers(0, n_days))
        days = np.arange(first + 1, min(n_days, first + leave_after), dtype=int)
        late = (BEGIN + days) / MEAN_YEAR_DAYS % 1.0 >= 0.75
        chance = np.where(late & busy, 3.0, 1.0) / 30
        own_days = [first, *days[rng.random(len(days)) < chance].tolist()]
        pairs += [(customer, BEGIN + day) for day in own_days]
    customer, day = np.array(pairs, np.int32).T
    nothing = np.zeros(len(day))
    return OrderDays(customer, day, nothing, nothing)


def test_a_busy_quarter_is_found() -> None:
    calendar = season(shop(740, busy=True), BEGIN + 739)
    quiet, late = calendar.pace[: YEAR_PARTS * 3 // 4], calendar.pace[YEAR_PARTS * 3 // 4 + 1 :]
    assert 2.2 < late.mean() / quiet.mean() < 3.3


def test_growth_and_leaving_are_no_season() -> None:
    for leave_after in (1e9, 120):
        pace = season(shop(740, busy=False, leave_after=leave_after), BEGIN + 739).pace
        assert pace.min() > 0.8
        assert pace.max() < 1.25


def test_less_than_a_year_goes_by_the_calendar() -> None:
    assert season(shop(300, busy=True), BEGIN + 299) is UNIFORM_CALENDAR


def test_nobody_ordered() -> None:
    nothing = np.empty(0, np.int32)
    assert season(OrderDays(nothing, nothing, np.empty(0), np.empty(0)), BEGIN) is UNIFORM_CALENDAR
