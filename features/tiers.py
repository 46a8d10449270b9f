"""The merchant's loyalty tiers: a file of the home. What they mean is the recommender's business."""

from __future__ import annotations

from features.home import Home

TIERS_FILE = "tiers.json"


def read_tiers(home: Home) -> bytes | None:
    """The file as it is, None without one."""
    try:
        return (home.root / TIERS_FILE).read_bytes()
    except FileNotFoundError:
        return None
