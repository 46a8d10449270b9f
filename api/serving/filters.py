"""Filters of questions, checked: what cannot be read or names no attribute is refused with what can be."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.web.problems import Problem
from recommender.filters.masks import check_known
from recommender.filters.syntax import BadFilter, Filter, read_filters
from recommender.recommend import Recommender


def filter_of(given: Sequence[str | Mapping[str, Any]]) -> Filter | None:
    """None where there is none. Raises Problem 422."""
    try:
        return read_filters(given) if given else None
    except BadFilter as error:
        raise _refused(error) from error


def check_filter(filter: Filter, recommender: Recommender | None) -> None:
    """Raises Problem 422 where the model knows no such attribute."""
    try:
        if recommender is not None:
            check_known(filter, recommender.bundle.tables)
    except BadFilter as error:
        raise _refused(error) from error


def _refused(error: BadFilter) -> Problem:
    return Problem(422, f"filter: {error}", [{"field": "filter", "message": str(error)}])
