"""Cells that spreadsheets would work out."""

import polars as pl
import pytest

from features.insights.formulas import FORMULA, is_formula


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@x",
        "\t1",
        "\r1",
        " =1",
        "\u00a0=1",
        "\u3000\uff1d1",
        "\ufeff@x",
        "\uff0b1",
        "\n\x00 -1",
    ],
)
def test_formulas_are_found_behind_whatever_is_not_seen(text: str) -> None:
    assert is_formula(text)
    assert pl.Series([text]).str.replace(FORMULA, "'${1}").item() == f"'{text}"


@pytest.mark.parametrize("text", ["", "a", "a=1", " a", "1-1", "\u00e9"])
def test_other_cells_stay(text: str) -> None:
    assert not is_formula(text)
    assert pl.Series([text]).str.replace(FORMULA, "'${1}").item() == text
