"""What all services have been sent of somebody: found, and forgotten."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from features.home import Home
from training.outbound.state import SentState


def forget_in_all(home: Home, customers: Iterable[str]) -> None:
    """Of every service: forget them here, and let the next round erase them there. Raises sqlite3.Error."""
    names = sorted(customers)
    for path in _files(home):
        with closing(SentState(path)) as state:
            state.forget(names)


def held_in_all(home: Home, customers: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Service -> what it has of each of these names: its own id of them, and whether fields of ours."""
    names, held = sorted(customers), {}
    for path in _files(home):
        with closing(SentState(path)) as state:
            known, had = state.known(names), state.had(names)
            orders = Counter(each.customer_id for each in state.orders().values())
        rows = [
            {
                "customer_id": name,
                "contact": (had.get(name) or known[name]).contact,
                "fields": name in had,
                "orders": orders[name],
            }
            for name in sorted({*known, *had})
        ]
        if rows:
            held[path.stem] = rows
    return held


def _files(home: Home) -> list[Path]:
    return sorted((home.root / "outbound").glob("*.sqlite"))
