"""The customers of a segment, as of the training."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np

from features.time_units import DAY_S, YEAR_DAYS
from recommender.arrays.id_map import IdMap
from recommender.customers.profile import date_within_calendar
from recommender.model.customer_tables import CustomerTable
from recommender.value.forecast import forecast
from recommender.value.segments import segment_of


class Member(NamedTuple):
    """A customer. revenue, predicted_365d: money in `currency`; consent to e-mail: None where not known."""

    customer_id: str
    orders: int
    revenue: float
    currency: str | None
    last_order: date
    predicted_365d: float
    country: str | None
    language: str | None
    consent: bool | None


def members(table: CustomerTable, names: IdMap, segment: str, rows: range, now: float) -> Iterator[Member]:
    """Those of `rows` who are in a segment by now (epoch s). Orders since the training do not count."""
    facts, today = table.facts, int(now // DAY_S)
    ordered = np.array([row for row in rows if facts.orders[row] > 0], np.int64)
    if not len(ordered):
        return
    expected = forecast(table.value, table.value.customers(ordered), today, (YEAR_DAYS,))
    for position, row in enumerate(ordered.tolist()):
        span_days = (facts.last[row] - facts.first[row]) / DAY_S
        recency_days = max(now - facts.last[row], 0.0) / DAY_S
        past = int(facts.orders[row]), float(facts.revenue[row]), float(span_days), float(recency_days)
        found = segment_of(*past, table.rhythm, partial(float, expected.orders[position, 0]))
        if found is not None and found.name == segment:
            consent = int(facts.consent[row])
            yield Member(
                names.name(row),
                past[0],
                round(past[1], 2),
                facts.word(facts.currency, row),
                date_within_calendar(facts.last[row] / DAY_S),
                round(float(expected.revenue[position, 0]), 2),
                facts.word(facts.country, row),
                facts.word(facts.language, row),
                bool(consent) if consent >= 0 else None,
            )
