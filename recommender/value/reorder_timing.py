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

OWN_PRIOR = 1.0  # gaps of their own at which a customer counts as much as the product
AGAIN_PRIOR = 2.0  # the same in repeat purchases, for whether they buy again at all
COVERED_SIGMAS = 3.29  # between the ends of 90 % of a normal distribution
FEWEST_PACKS = 1e-3
FEW = 3  # repeats from which on gaps are known equally well


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
    def begun(cls, item: int, day: int, packs: float = 1.0) -> Habits:
        """A product bought for the first time. packs: how many of it."""
        packs = max(packs, FEWEST_PACKS)
        whole: list[Any] = [np.array([number], np.int32) for number in (item, 1, day, day)]
        return cls(*whole, *(np.array([number], np.float32) for number in (0, 0, np.log(packs), packs)))

    def where(self, kept: slice | NDArray[Any]) -> Habits:
        parts: list[Any] = [part[kept] for part in self]
        return Habits(*parts)

    def bought(self, item: int, day: int, packs: float = 1.0) -> Habits:
        """After a further purchase; a second one of a day, or one out of order, says nothing new."""
        places = np.flatnonzero(self.item == item)
        if not len(places):
            pairs = zip(self, Habits.begun(item, day, packs), strict=True)
            return Habits(*(np.concatenate(pair) for pair in pairs))
        place = int(places[0])
        gap = day - int(self.last_day[place])
        if gap <= 0:
            return self
        copies: list[Any] = [part.copy() for part in self]
        after, packs = Habits(*copies), max(packs, FEWEST_PACKS)
        after.times[place] += 1
        after.last_day[place] = day
        after.log_gaps[place] += np.log(gap)
        after.last_gap[place] = gap
        after.log_packs[place] += np.log(packs)
        after.last_packs[place] = packs
        return after


@dataclass(frozen=True)
class Reorder(InRows):
    """What was learned of gaps, and every customer's habits in IdMap order.

    weights: (1 + features of `describe`) float64; errors: (FEW + 1, 2) float64, by repeats so far the ends
    of 90 % of the errors in log days. item_gap: (n_items) float32, mean log days between purchases;
    item_again: (n_items) float32, share of buyers who buy it again; item_packs: (n_items) float32, mean log
    quantity of a purchase; all shrunk to category and shop.
    offsets: (n_customers + 1) int64 into the columns of `Habits`, where a customer's stand by item; expected:
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
        return self.item.data  # quicker to look through than an array

    @property
    def habits(self) -> Habits:
        columns: list[Any] = [getattr(self, name) for name in Habits._fields]
        return Habits(*columns)

    def of(self, customer: int) -> Habits:
        """A customer's, by item; an unknown customer (-1) has none."""
        return self.habits.where(self.row(customer))

    def place(self, customer: int, item: int) -> int:
        """Where a customer's habit of an item stands in the columns; -1: nowhere."""
        row = self.row(customer)
        place = bisect_left(self._item, item, row.start, row.stop)
        return place if place < row.stop and self._item[place] == item else -1


class Due(NamedTuple):
    """(n) float64. day: when half of such customers have bought it again, days since 1970; earliest and
    latest: the ends of 90 %; chance: of buying it again at all, given how long they have not."""

    day: Float64s
    earliest: Float64s
    latest: Float64s
    chance: Float64s


def due(table: Reorder, habits: Habits, today: int) -> Due:
    """When each is bought again, of those who buy it again. today: days since 1970."""
    log_gap = table.weights[0] + describe(table.item_gap, table.item_packs, habits) @ table.weights[1:]
    low, high = table.errors[np.minimum(habits.times - 1, FEW)].T
    sigma = np.maximum((high - low) / COVERED_SIGMAS, 0.05)
    silent = np.log(np.maximum(today - habits.last_day, 1))
    waiting = 1 - normal_cdf((silent - log_gap) / sigma)
    repeats = habits.times - 1
    again = (repeats + AGAIN_PRIOR * table.item_again[habits.item]) / (repeats + AGAIN_PRIOR)
    return Due(
        day=habits.last_day + np.exp(log_gap),
        earliest=habits.last_day + np.exp(log_gap + low),
        latest=habits.last_day + np.exp(log_gap + high),
        chance=np.asarray(again * waiting / np.maximum(1 - again + again * waiting, 1e-12)),
    )


def describe(item_gap: NDArray[np.floating], item_packs: NDArray[np.floating], habits: Habits) -> Float64s:
    """(n, features): own gaps drawn to the product's, the last, the mean, how many, whether any; how much
    was bought last over the customer's usual, and that over the product's usual as far as its gaps count."""
    gaps = habits.times - 1.0
    product = item_gap[habits.item].astype(np.float64)
    usual = habits.log_packs.astype(np.float64) / habits.times
    span = np.maximum(habits.last_day - habits.first_day, 1)
    known = gaps > 0
    return np.stack(
        [
            (habits.log_gaps + OWN_PRIOR * product) / (gaps + OWN_PRIOR),
            np.where(known, np.log(np.maximum(habits.last_gap, 1)), product),
            np.where(known, np.log(span / np.maximum(gaps, 1)), product),
            np.log1p(gaps),
            known.astype(np.float64),
            np.log(habits.last_packs) - usual,
            (usual - item_packs[habits.item]) * OWN_PRIOR / (gaps + OWN_PRIOR),
        ],
        axis=1,
    )


def normal_cdf(z: Float64s) -> Float64s:
    """Zelen and Severo's approximation (Abramowitz and Stegun 26.2.17), exact to 1e-7."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * poly
    return np.asarray(np.where(z > 0, 1 - tail, tail))
