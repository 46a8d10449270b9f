"""When a customer will buy a product again: from their own gaps between purchases, and the product's."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float32s, Float64s, Int32s, Int64s
from recommender.arrays.tables import InRows

OWN_GAP_PRIOR = 1.0  # so many gaps of the customer's own weigh as much as the product's gap
REPEAT_PRIOR = 2.0  # so many repeat purchases weigh as much as the product's repeat rate
COVERED_SIGMAS = 3.29  # between the ends of 90 % of a normal distribution
MIN_PACKS = 1e-3
BOUGHT_ELSEWHERE = 0.5  # of the usual gap past the expected day: by then it was bought somewhere else
MAX_REPEATS = 3  # from so many repeats on, errors of gaps are the same


class Habits(NamedTuple):
    """Products of a customer (or of several), (n) each. item int32; times int32 (days on which it was
    bought); first_day, last_day int32 (since 1970); log_gaps float32 (sum over the gaps, in log days);
    last_gap float32 (days; 0: none yet); log_packs float32 (sum over the days, of log quantities);
    last_packs float32 (quantity of the last day)."""

    item: Int32s
    times: Int32s
    first_day: Int32s
    last_day: Int32s
    log_gaps: Float32s
    last_gap: Float32s
    log_packs: Float32s
    last_packs: Float32s

    @classmethod
    def first_purchase(cls, item: int, day: int, packs: float = 1.0) -> Habits:
        """A product bought for the first time. packs: how many of it."""
        packs = max(packs, MIN_PACKS)
        whole: list[Any] = [np.array([number], np.int32) for number in (item, 1, day, day)]
        return cls(*whole, *(np.array([number], np.float32) for number in (0, 0, np.log(packs), packs)))

    def where(self, kept: slice | NDArray[Any]) -> Habits:
        parts: list[Any] = [part[kept] for part in self]
        return Habits(*parts)

    def bought(self, item: int, day: int, packs: float = 1.0) -> Habits:
        """After a further purchase; a second one of a day, or one before the last, changes nothing."""
        positions = np.flatnonzero(self.item == item)
        if not len(positions):
            pairs = zip(self, Habits.first_purchase(item, day, packs), strict=True)
            return Habits(*(np.concatenate(pair) for pair in pairs))
        position = int(positions[0])
        gap = day - int(self.last_day[position])
        if gap <= 0:
            return self
        copies: list[Any] = [part.copy() for part in self]
        after, packs = Habits(*copies), max(packs, MIN_PACKS)
        after.times[position] += 1
        after.last_day[position] = day
        after.log_gaps[position] += np.log(gap)
        after.last_gap[position] = gap
        after.log_packs[position] += np.log(packs)
        after.last_packs[position] = packs
        return after


@dataclass(frozen=True)
class Reorder(InRows):
    """What was learned about gaps, and every customer's habits in IdMap order.

    weights: (1 + features of `gap_features`) float64; errors: (MAX_REPEATS + 1, 2) float64, by repeats so far
    the ends of 90 % of the errors in log days. item_gap: (n_items) float32, mean log days between purchases;
    item_again: (n_items) float32, share of buyers who buy it again; item_packs: (n_items) float32, mean log
    quantity of a purchase; all shrunk to category and shop.
    offsets: (n_customers + 1) int64 into the columns of `Habits`, a customer's sorted by item; expected:
    (n, 3) float32 beside those columns, when it is bought again and the ends of 90 %, as in `Due`.
    """

    weights: Float64s
    errors: Float64s
    item_gap: Float32s
    item_again: Float32s
    item_packs: Float32s
    offsets: Int64s
    item: Int32s
    times: Int32s
    first_day: Int32s
    last_day: Int32s
    log_gaps: Float32s
    last_gap: Float32s
    log_packs: Float32s
    last_packs: Float32s
    expected: Float32s

    @cached_property
    def _item(self) -> memoryview:
        return self.item.data  # searched faster than an array

    @property
    def habits(self) -> Habits:
        columns: list[Any] = [getattr(self, name) for name in Habits._fields]
        return Habits(*columns)

    def of(self, customer: int) -> Habits:
        """A customer's, by item; an unknown customer (-1) has none."""
        return self.habits.where(self.row(customer))

    def position(self, customer: int, item: int) -> int:
        """The index of a customer's habit of an item in the columns; -1: none."""
        row = self.row(customer)
        position = bisect_left(self._item, item, row.start, row.stop)
        return position if position < row.stop and self._item[position] == item else -1


class Due(NamedTuple):
    """(n) float64. day: when half of such customers have bought it again, days since 1970; earliest and
    latest: the ends of 90 %; chance: of buying it again at all, given how long they have not."""

    day: Float64s
    earliest: Float64s
    latest: Float64s
    chance: Float64s


def due(table: Reorder, habits: Habits, today: int) -> Due:
    """When each habit's product is bought again, if at all. today: days since 1970."""
    log_gap = table.weights[0] + gap_features(table.item_gap, table.item_packs, habits) @ table.weights[1:]
    low, high = table.errors[np.minimum(habits.times - 1, MAX_REPEATS)].T
    sigma = np.maximum((high - low) / COVERED_SIGMAS, 0.05)
    log_silence = np.log(np.maximum(today - habits.last_day, 1))
    waiting = 1 - normal_cdf((log_silence - log_gap) / sigma)
    repeats = habits.times - 1
    p_repeat = (repeats + REPEAT_PRIOR * table.item_again[habits.item]) / (repeats + REPEAT_PRIOR)
    return Due(
        day=habits.last_day + np.exp(log_gap),
        earliest=habits.last_day + np.exp(log_gap + low),
        latest=habits.last_day + np.exp(log_gap + high),
        chance=np.asarray(p_repeat * waiting / np.maximum(1 - p_repeat + p_repeat * waiting, 1e-12)),
    )


def gap_features(
    item_gap: NDArray[np.floating], item_packs: NDArray[np.floating], habits: Habits
) -> Float64s:
    """(n, features): own gaps shrunk to the product's, the last, the mean, how many, whether any; the last
    quantity over the customer's usual, and that over the product's usual, weighted like its gap."""
    gaps = habits.times - 1.0
    product = item_gap[habits.item].astype(np.float64)
    usual = habits.log_packs.astype(np.float64) / habits.times
    span = np.maximum(habits.last_day - habits.first_day, 1)
    repeated = gaps > 0
    return np.stack(
        [
            (habits.log_gaps + OWN_GAP_PRIOR * product) / (gaps + OWN_GAP_PRIOR),
            np.where(repeated, np.log(np.maximum(habits.last_gap, 1)), product),
            np.where(repeated, np.log(span / np.maximum(gaps, 1)), product),
            np.log1p(gaps),
            repeated.astype(np.float64),
            np.log(habits.last_packs) - usual,
            (usual - item_packs[habits.item]) * OWN_GAP_PRIOR / (gaps + OWN_GAP_PRIOR),
        ],
        axis=1,
    )


def normal_cdf(z: Float64s) -> Float64s:
    """Zelen and Severo's approximation (Abramowitz and Stegun 26.2.17), exact to 1e-7."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * poly
    return np.asarray(np.where(z > 0, 1 - tail, tail))
