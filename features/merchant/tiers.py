"""The merchant's loyalty tiers: a file of the home. What they mean is the recommender's business."""

from __future__ import annotations

from features.home import Home
from features.store.files import read_whole, write_whole

TIERS_FILE = "tiers.json"


def read_tiers(home: Home) -> bytes | None:
    """The file as it is, None without one."""
    return read_whole(home.root / TIERS_FILE)


def write_tiers(home: Home, plan: bytes) -> None:
    """Replace the file as a whole; whoever reads it goes by it from the next question on."""
    write_whole(home.root / TIERS_FILE, plan)
