from collections import Counter

import polars as pl
import pytest

from features.importers.statuses import STATUSES, meaning_of, meanings


def test_a_status_has_one_meaning() -> None:
    words = Counter(word for platforms in STATUSES.values() for each in platforms.values() for word in each)
    assert [word for word, uses in words.items() if uses > 1] == []


@pytest.mark.parametrize("meaning", STATUSES)
def test_every_status_of_the_table_is_found_as_it_stands_there(meaning: str) -> None:
    words = [word for each in STATUSES[meaning].values() for word in each]
    assert {meaning_of(word) for word in words} == {meaning}
    assert {meaning_of(word.replace("_", " ").title()) for word in words} == {meaning}


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("wc-on-hold", "waits"),
        ("Rückerstattet", "refunded"),
        ("Terminée", "counts"),
        ("EXPIRED", "never"),
        ("Partially Refunded", "part"),
        ("Zrealizowane", "counts"),
        ("", "unknown"),
        ("somewhere", "unknown"),
    ],
)
def test_spellings(status: str, meaning: str) -> None:
    assert meaning_of(status) == meaning


@pytest.mark.parametrize(
    ("money", "progress", "meaning"),
    [
        ("paid", "pending", "counts"),
        ("pending", "completed", "waits"),
        ("paid", "cancelled", "never"),
        ("refunded", "completed", "refunded"),
        ("somewhat", "completed", "counts"),
        (None, "processing", "counts"),
        (None, None, None),
        (None, "somewhere", "unknown"),
    ],
)
def test_the_payment_says_more_than_the_progress(
    money: str | None, progress: str | None, meaning: str | None
) -> None:
    both = (pl.Series([each], dtype=pl.String) for each in (money, progress))
    assert meanings(*both).to_list() == [meaning]
