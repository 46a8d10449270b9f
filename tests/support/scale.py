"""How much the tests of reliability do: a tenth or less by `make test`, all of it by `make soak`.

One switch, `PERENNIAL_TEST_SCALE=full`; `PERENNIAL_TEST_<NAME>` sets one figure by hand.
"""

import os

FULL = os.environ.get("PERENNIAL_TEST_SCALE") == "full"


def _scaled(name: str, usual: int, full: int) -> int:
    return int(os.environ.get(f"PERENNIAL_TEST_{name}", full if FULL else usual))


EVENTS = _scaled("EVENTS", 2_000, 100_000)
"""Sent while parts are killed."""
KILLS = _scaled("KILLS", 5, 50)
"""Of parts of the service, and of a compaction."""
DISK_EVENTS = _scaled("DISK_EVENTS", 2_000, 20_000)
"""Sent while the disk fills."""
GARBAGE_EVENTS = _scaled("GARBAGE_EVENTS", 5_000, 100_000)
"""Of which one in a hundred cannot be taken."""
MUTANTS = _scaled("MUTANTS", 100, 1_000)
"""Damaged models, of each kind of damage."""
FAULT_S = _scaled("FAULT_S", 2, 30)
"""How long a part hangs."""
SAME_ORDERS = _scaled("SAME_ORDERS", 8, 64)
"""Orders of each pair of ways that are sent at once."""
QUESTIONS = _scaled("QUESTIONS", 400, 2_000)
"""About a random shop, each answered in two ways."""
FUZZED_FILES = _scaled("FUZZED_FILES", 10, 40)
"""Imported, of each format."""
EXAMPLES = _scaled("EXAMPLES", 2, 100)
"""Generated requests of an operation of the API."""
SHOPS = _scaled("SHOPS", 3, 20)
"""Random shops with odd customers, of 100 to 5,000 usual ones; the smallest first."""
RELOADS = _scaled("RELOADS", 10, 100)
"""New models under traffic."""
CAMPAIGN = _scaled("CAMPAIGN", 5_000, 50_000)
"""Customers whom one e-mail campaign asks for."""
