"""What an order counts for by its status, on all platforms: statuses.toml."""

import re
import tomllib
from pathlib import Path
from unicodedata import combining, normalize

import polars as pl

STATUSES: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)
"""Meaning -> platform -> statuses. counts: an order; waits: not yet, until an export says that it was paid;
never: no order, or no longer; refunded: all money went back; part: some of it did."""
RULES = {
    "counts": "yes; authorized too, as its money is reserved",
    "waits": "not yet: nothing was paid",
    "never": "never, or no longer",
    "refunded": "refunded whole",
    "part": "yes, less what went back",
}
MEANING = {
    status: meaning
    for meaning, platforms in STATUSES.items()
    for each in platforms.values()
    for status in each
}
UNKNOWN = "unknown"
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "o"})


def meaning_of(status: str) -> str:
    """A key of STATUSES, or UNKNOWN: such an order counts, and the import says so."""
    plain = _plain(status.lower())
    german = _plain(status.lower().translate(UMLAUTS))
    return MEANING.get(plain) or MEANING.get(german) or UNKNOWN


def meanings(financial: pl.Series, status: pl.Series) -> pl.Series:
    """The meaning of both statuses of each order together; null where it has none.

    What is void by one is void, what is refunded by one is refunded; else the payment says more than the
    order's progress, and a known word more than an unknown one.
    """
    both = pl.DataFrame({"money": _meanings(financial), "progress": _meanings(status)})
    decisive = [
        pl.when(pl.any_horizontal(pl.all() == word)).then(pl.lit(word))
        for word in ("never", "refunded", "part")
    ]
    known = [pl.when(pl.col(name) != UNKNOWN).then(name) for name in both.columns]
    return both.select(pl.coalesce(*decisive, *known, "money", "progress")).to_series()


def _meanings(statuses: pl.Series) -> pl.Series:
    distinct = statuses.drop_nulls().unique()
    found = [meaning_of(each) for each in distinct]
    return statuses.replace_strict(distinct, found, default=None, return_dtype=pl.String)


def _plain(status: str) -> str:
    letters = "".join(each for each in normalize("NFKD", status) if not combining(each))
    return re.sub(r"[^\w]+", "_", letters).strip("_").removeprefix("wc_")


def statuses_section() -> str:
    """Part of docs/figures.md: what an order counts for by its status."""
    rows = "".join(
        f"| {RULES[meaning]} | {platform} | {', '.join(words)} |\n"
        for meaning, platforms in STATUSES.items()
        for platform, words in platforms.items()
    )
    return (
        "\n## Statuses\n\nCase, accents, spaces and dashes do not matter, nor does the platform. Of an order "
        "with a status of payment and one of progress, void and refunded win, then the payment.\n\n"
        f"| counts? | first seen at | statuses |\n| --- | --- | --- |\n{rows}"
        "| yes, and the import says so | | any other |\n"
    )
