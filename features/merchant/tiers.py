"""The file of the merchant's loyalty tiers; the recommender interprets its content."""

from features.home import Home
from features.store.files import read_whole, write_whole

TIERS_FILE = "tiers.json"


def read_tiers(home: Home) -> bytes | None:
    """The file's content, None if there is no file."""
    return read_whole(home.root / TIERS_FILE)


def write_tiers(home: Home, plan: bytes) -> None:
    """Replace the file atomically."""
    write_whole(home.root / TIERS_FILE, plan)
