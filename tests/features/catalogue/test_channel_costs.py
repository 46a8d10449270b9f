from collections.abc import Callable

from features.catalogue.channel_costs import load_costs
from features.home import Home


def test_two_processes_that_merge_at_once_lose_nothing(home: Home, at_once: Callable[[str], None]) -> None:
    at_once(
        """
import polars as pl
from datetime import date
from features.catalogue.channel_costs import merge_costs
for day in range(1, 26):
    spent = {"date": [date(2026, 1, day)], "channel": [name], "currency": ["EUR"], "spend": [1.0]}
    merge_costs(home, pl.DataFrame(spent))
"""
    )
    assert load_costs(home)["spend"].sum() == 50.0
