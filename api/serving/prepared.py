"""A bundle made ready to answer."""

from collections.abc import Callable, Mapping
from typing import Any

from api.web.metrics import CANDIDATES
from recommender.context.request import PLACEMENTS, Request
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.bundle_files import BadBundle
from recommender.recommend import Recommender


def prepared(load: Callable[[], Bundle | None], changes: Mapping[str, Mapping[str, Any]]) -> Recommender:
    """With live changes of its products. Raises BadBundle."""
    bundle = load()
    if bundle is None:
        raise BadBundle("models/current went away")
    shelf = Availability.of(bundle.tables).changed(bundle.tables, changes)
    recommender = Recommender(bundle, shelf, CANDIDATES.add_numbers)
    for placement in PLACEMENTS:  # warm up: first touches of mapped pages and lazy imports
        recommender.recommend(Request(placement, now=0.0), k=8)  # type: ignore[arg-type]
    return recommender
