"""One answer of two kinds: products that a customer has bought before, and products that are new to them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Float64s, Int32s, Int64s
from recommender.kernels.compiled import (
    FLOAT32S,
    FLOAT32S_OUT,
    INT32_ROWS_OUT,
    INT32_STRIPS,
    INT64S,
    compiled,
    tuple_of,
)
from recommender.sources.candidates import BlendedRanking

ROW = 5  # products that are seen at once
Ranking = tuple[Int32s, Float32s]  # of `BlendedRanking`
RANKING = tuple_of(INT32_STRIPS, FLOAT32S)


class Places(NamedTuple):
    """How many products of an answer are new to the customer, and how many favourites."""

    new: int
    favourites: int


def places(k: int, share: float, n_taken: int, favourites_taken: int) -> Places:
    """Of an answer of k, of which so many are taken, some by favourites, what each kind may still fill."""
    left = k - n_taken
    favourites = min(max(int(share * k) - favourites_taken, 0), left)
    return Places(left - favourites, favourites)


def mixed(
    new: BlendedRanking, favourites: BlendedRanking, n_sources: int, kinds: Places, *, varied: bool = False
) -> BlendedRanking:
    """The best favourites, as many as have a place, spread evenly among the new products.

    New products that have no place follow: they stand in for missing favourites. n_sources: how many sources
    the new ones have; those of the favourites are numbered after them. varied: the first two rows of the
    favourites take turns: the first of one, the first of the other, and so on. Scores are raised to those
    that follow, as the kinds have no scale in common.
    """
    order = _order(len(new.scores), len(favourites.scores), kinds, varied=varied)
    both = BlendedRanking.room(len(order))
    _interleave(new[:], favourites[:], order, n_sources, *both)
    return both


@compiled((RANKING, RANKING, INT64S, types.int64, INT32_ROWS_OUT, FLOAT32S_OUT))
def _interleave(
    new: Ranking, favourites: Ranking, order: Int64s, n_sources: int, columns: Int32s, scores: Float32s
) -> None:
    """Writes both in the order of positions in new products, then favourites."""
    (new_columns, new_scores), (favourite_columns, favourite_scores) = new, favourites
    n_new, least = len(new_scores), np.float32(0)
    for place in range(len(order) - 1, -1, -1):
        position = order[place]
        if position < n_new:
            columns[:, place], score = new_columns[:, position], new_scores[position]
        else:
            position -= n_new
            columns[:, place], score = favourite_columns[:, position], favourite_scores[position]
            columns[1, place] += n_sources
        least = max(least, score)
        scores[place] = least


@lru_cache(maxsize=1_000)
def _order(n_new: int, n_favourites: int, kinds: Places, *, varied: bool) -> Int64s:
    best = (_rows_in_turn(n_favourites) if varied else np.arange(n_favourites))[: kinds.favourites]
    return np.concatenate([np.arange(n_new), n_new + best])[_spread(n_new, len(best), kinds)]


def _spread(n_new: int, n_favourites: int, kinds: Places) -> Int64s:
    turns = _turns(n_new, kinds.new), _turns(n_favourites, kinds.favourites)
    return np.concatenate(turns).argsort(kind="stable")


def _turns(n: int, n_places: int) -> Float64s:
    """When each of n products takes its turn: those within their places from 0 to 1, later ones behind."""
    turns = (np.arange(n, dtype=np.float64) + 0.5) / max(n_places, 0.5)
    turns[n_places:] += 1.0
    return turns


def _rows_in_turn(n: int) -> Int64s:
    in_turn = np.arange(2 * ROW).reshape(2, ROW).T.ravel()
    return np.concatenate([in_turn[in_turn < n], np.arange(2 * ROW, n)])
