import numpy as np
import pytest

from recommender.merchandising.mixing import Places, mixed, places
from recommender.sources.candidates import BlendedRanking


def ranking(*items: int) -> BlendedRanking:
    """Items in this order, of one source, their scores from 1 to 0.1."""
    columns = np.zeros((4, len(items)), np.int32)
    columns[0] = items
    return BlendedRanking(columns, np.linspace(1.0, 0.1, len(items), dtype=np.float32))


@pytest.mark.parametrize(
    ("share", "taken", "favourites_taken", "expected"),
    [
        (0.5, 0, 0, Places(new=4, favourites=4)),
        (0.0, 0, 0, Places(8, 0)),
        (1.0, 0, 0, Places(0, 8)),
        (0.3, 0, 0, Places(6, 2)),
        (0.5, 4, 0, Places(0, 4)),
        (0.5, 6, 6, Places(2, 0)),
        (0.5, 7, 0, Places(0, 1)),
    ],
)
def test_what_is_taken_counts_towards_its_kind(
    share: float, taken: int, favourites_taken: int, expected: Places
) -> None:
    assert places(8, share, taken, favourites_taken) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (Places(2, 2), [1, 11, 2, 12, 3, 4]),
        (Places(3, 1), [1, 2, 11, 3, 4]),
        (Places(4, 0), [1, 2, 3, 4]),
        (Places(0, 2), [11, 12, 1, 2, 3, 4]),
        (Places(1, 5), [11, 12, 1, 13, 2, 3, 4]),
    ],
)
def test_favourites_keep_to_their_places_and_new_products_follow(kinds: Places, expected: list[int]) -> None:
    assert mixed(ranking(1, 2, 3, 4), ranking(11, 12, 13), 3, kinds).items.tolist() == expected


def test_sources_of_favourites_are_numbered_behind_the_others_and_scores_fall() -> None:
    both = mixed(ranking(1, 2), ranking(11), 3, Places(1, 1))
    assert dict(zip(both.items.tolist(), both.columns[1].tolist(), strict=True)) == {1: 0, 2: 0, 11: 3}
    assert (np.diff(both.scores) <= 0).all()


def test_without_any_product_there_is_none() -> None:
    assert len(mixed(ranking(), ranking(), 1, Places(3, 3)).items) == 0


@pytest.mark.parametrize(
    ("n", "expected"), [(12, [0, 5, 1, 6, 2, 7, 3, 8, 4, 9, 10, 11]), (3, [0, 1, 2]), (0, [])]
)
def test_favourites_of_the_first_two_rows_take_turns(n: int, expected: list[int]) -> None:
    favourites = ranking(*range(n))
    assert mixed(ranking(), favourites, 1, Places(0, n), varied=True).items.tolist() == expected
