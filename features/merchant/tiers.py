"""The merchant's loyalty tiers: a file of the home. What they mean is the recommender's business."""

from __future__ import annotations

from uuid import uuid4

from features.home import Home

TIERS_FILE = "tiers.json"


def read_tiers(home: Home) -> bytes | None:
    """The file as it is, None without one."""
    try:
        return (home.root / TIERS_FILE).read_bytes()
    except FileNotFoundError:
        return None


def write_tiers(home: Home, plan: bytes) -> None:
    """Replace the file as a whole; whoever reads it goes by it from the next question on."""
    fresh = home.root / f".{uuid4().hex}.{TIERS_FILE}"
    fresh.write_bytes(plan)
    fresh.replace(home.root / TIERS_FILE)
