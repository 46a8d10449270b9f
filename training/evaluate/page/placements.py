"""The part of docs/quality.md about placements: each by what it is for, beside the best simple method."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from training.measure.metrics import Measurement


class PlacementSection(NamedTuple):
    """One data set: the name of its folder, or `demo`; and what the page calls it."""

    dataset: str
    title: str

    @property
    def name(self) -> str:
        """Of its results."""
        return f"placements-{self.dataset}"


PLACEMENT_SECTIONS = (
    PlacementSection("online_retail", "Online Retail"),
    PlacementSection("tafeng_nbr", "Ta-Feng"),
    PlacementSection("retailrocket_multibehavior", "RetailRocket"),
    PlacementSection("demo", "The generated shop"),
)
INTRO = """
## Every placement by its purpose

`perennial evaluate placements DATASET`, or `--home HOME`: as served, on the last weeks, with what was just
bought resting; new: to this customer. Simple methods: best sellers, item cosine, EASE, ALS alone, personal
frequency, each limited to what the purpose is about. Sizes and colours of one product count as the product.
In brackets, 95 % intervals of the difference, by pairs of answers to the same customer.
"""
HEAD = """
| {title} | measure | cases | perennial | best simple | difference |
| --- | --- | --- | --- | --- | --- |
"""


def placements_part(results: Path) -> str:
    """The part, of those data sets that were measured; "" of none."""
    tables = [
        HEAD.format(title=section.title) + "".join(map(_row, json.loads(file.read_text("utf-8"))["rows"]))
        for section in PLACEMENT_SECTIONS
        if (file := results / f"{section.name}.json").is_file()
    ]
    return INTRO + "".join(tables) if tables else ""


def _row(row: dict[str, Any]) -> str:
    best = row["best"]
    simple = f"{row['simple'][best]:.3f} ({best})" if best else ""
    difference = _signed(row["difference"]) if best else ""
    value = f"**{row['perennial']['value']:.3f}**"
    name, measure = f"{row['placement']}: {row['judged']}", row["measure"].replace("_", " ")
    return f"| {name} | {measure} | {row['cases']:,} | {value} | {simple} | {difference} |\n"


def _signed(difference: Measurement) -> str:
    return f"{difference['value']:+.3f} ({difference['low']:+.3f} to {difference['high']:+.3f})"
