"""The file of the merchant's loyalty tiers; the recommender interprets its content."""

from __future__ import annotations

from uuid import uuid4

from features.home import Home

TIERS_FILE = "tiers.json"


def read_tiers(home: Home) -> bytes | None:
    """The file's content, None if there is no file."""
    try:
        return (home.root / TIERS_FILE).read_bytes()
    except FileNotFoundError:
        return None


def write_tiers(home: Home, plan: bytes) -> None:
    """Replace the file atomically."""
    partial = home.root / f".{uuid4().hex}.{TIERS_FILE}"
    partial.write_bytes(plan)
    partial.replace(home.root / TIERS_FILE)
