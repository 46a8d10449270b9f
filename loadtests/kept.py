"""Whether a home that was made before can be used again."""

from __future__ import annotations

from features.home import Home
from recommender import versions
from recommender.bundle_files import BadBundle


def still_serves(home: Home) -> bool:
    """Its model is whole, and of a format that this version reads."""
    try:
        return versions.load_current(home.models) is not None
    except BadBundle:
        return False
