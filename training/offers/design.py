"""The design matrix of a table: text as indicator columns, numbers standardised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from recommender.arrays.dtypes import Float64s

LOGGED_FROM = 12
"""Numeric columns with at least so many distinct values also get a column of their logarithm."""
MOST_LEVELS = 50


@dataclass(frozen=True)
class Design:
    """names: columns in order; levels: of each text column; centre and scale: (n_features - 1) float64."""

    names: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    logged: frozenset[str]
    centre: Float64s
    scale: Float64s

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Design:
        """Learn levels and spread. Text columns of more than MOST_LEVELS levels are left out."""
        levels = {
            name: tuple(frame[name].unique().drop_nulls().sort())
            for name in frame.columns
            if frame[name].dtype == pl.String
        }
        kept = tuple(name for name in frame.columns if len(levels.get(name, ())) <= MOST_LEVELS)
        numbers = [name for name in kept if name not in levels]
        logged = {
            name for name in numbers if frame[name].n_unique() >= LOGGED_FROM and _least(frame[name]) >= 0
        }
        raw = cls(kept, levels, frozenset(logged), np.zeros(0), np.zeros(0))._raw(frame)
        spread = raw.std(axis=0)
        return cls(kept, levels, frozenset(logged), raw.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def rows(self, frame: pl.DataFrame) -> Float64s:
        """(n, n_features) float64: ones, then each feature with mean 0 and spread 1."""
        return np.hstack([np.ones((len(frame), 1)), (self._raw(frame) - self.centre) / self.scale])

    def _raw(self, frame: pl.DataFrame) -> Float64s:
        columns = [column for name in self.names for column in self._columns(frame[name], name)]
        return np.stack(columns, axis=1) if columns else np.empty((len(frame), 0))

    def _columns(self, values: pl.Series, name: str) -> Iterator[Float64s]:
        if name in self.levels:
            for level in self.levels[name][1:]:
                yield (values == level).fill_null(False).to_numpy().astype(np.float64)
            return
        number = values.cast(pl.Float64).fill_null(0.0).to_numpy()
        yield number
        if name in self.logged:
            yield np.log1p(np.maximum(number, 0.0))


def _least(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).min() or 0.0)  # type: ignore[arg-type]
