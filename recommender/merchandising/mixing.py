"""One answer of two kinds: products that a customer has bought before, and products that are new to them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s, Int64s
from recommender.sources.candidates import BlendedRanking

ROW = 5  # products that are seen at once


class Places(NamedTuple):
    """How many products of an answer are new to the customer, and how many favourites."""

    new: int
    favourites: int


def places(k: int, share: float, n_taken: int, favourites_taken: int) -> Places:
    """Of an answer of k, of which so many are taken, some by favourites, what each kind may still fill."""
    left = k - n_taken
    favourites = min(max(int(share * k) - favourites_taken, 0), left)
    return Places(left - favourites, favourites)


def mixed(new: BlendedRanking, favourites: BlendedRanking, n_sources: int, kinds: Places) -> BlendedRanking:
    """The best favourites, as many as have a place, spread evenly among the new products.

    New products that have no place follow: they stand in for missing favourites. n_sources: how many sources
    the new ones have; those of the favourites are numbered after them. Scores are raised to those that
    follow, as the kinds have no scale in common.
    """
    n_new, best = len(new.items), favourites.only(slice(kinds.favourites))
    order = _spread(n_new, len(best.items), kinds)
    columns = np.concatenate([new.columns, best.columns], axis=1)
    columns[1, n_new:] += n_sources
    scores = np.concatenate([new.scores, best.scores])[order]
    falling = np.maximum.accumulate(scores[::-1])[::-1]
    return BlendedRanking(columns[:, order], falling)


def second_row_too(favourites: BlendedRanking) -> BlendedRanking:
    """The first two rows in turn: the first of one, the first of the other, and so on; then the rest."""
    return favourites.only(_rows_in_turn(len(favourites.items)))


@lru_cache(maxsize=1_000)
def _spread(n_new: int, n_favourites: int, kinds: Places) -> Int64s:
    turns = _turns(n_new, kinds.new), _turns(n_favourites, kinds.favourites)
    return np.concatenate(turns).argsort(kind="stable")


def _turns(n: int, n_places: int) -> Float64s:
    """When each of n products takes its turn: those within their places from 0 to 1, later ones behind."""
    turns = (np.arange(n, dtype=np.float64) + 0.5) / max(n_places, 0.5)
    turns[n_places:] += 1.0
    return turns


@lru_cache(maxsize=1_000)
def _rows_in_turn(n: int) -> Int64s:
    in_turn = np.arange(2 * ROW).reshape(2, ROW).T.ravel()
    return np.concatenate([in_turn[in_turn < n], np.arange(2 * ROW, n)])
