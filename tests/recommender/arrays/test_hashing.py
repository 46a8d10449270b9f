"""Chance that can be repeated."""

from hashlib import blake2b

import pytest

from recommender.arrays.hashing import digest_of, uniform


def test_a_digest_keeps_its_parts_apart() -> None:
    assert digest_of("ab", "c") == blake2b(b"ab\x00c", digest_size=8).hexdigest()
    assert len({digest_of("ab", "c"), digest_of("a", "bc"), digest_of("abc")}) == 3


def test_a_name_of_half_a_character_has_a_digest() -> None:
    assert len(digest_of("\ud83d")) == 16


def test_draws_are_spread_over_the_unit_interval_and_stay_as_they_are() -> None:
    draws = [uniform("trial", f"c-{number}") for number in range(10_000)]
    assert draws[:3] == [uniform("trial", f"c-{number}") for number in range(3)]
    assert 0 <= min(draws) < 0.001
    assert 0.999 < max(draws) < 1
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.01)
