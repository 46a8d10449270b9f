import numpy as np
import pytest
from scipy.sparse import csr_matrix

from training.models.product_kinds import (
    Content,
    SimilarityCache,
    closeness_of,
    closest,
    content_vectors,
    kinds,
    price_closeness,
    rarest,
)

TITLES = ["Red cup", "Blue cup", "Red towel", "", "Kettle"]
NONE = np.full(5, -1, np.int32)


def test_what_titles_call_it_is_the_kind_where_there_is_no_category() -> None:
    kind = kinds(["cup", "cup", "towel", "", "kettle"], NONE)
    assert kind[0] == kind[1]
    assert len(set(kind.tolist())) == 4
    assert kind[3] == -1


def test_a_category_is_one_kind_where_its_titles_do_not_agree_on_names() -> None:
    kind = kinds(["cup", "pot", "towel", "pot", "kettle"], np.array([0, 1, 0, 1, -1], np.int32))
    assert kind[:4].tolist() == [0, 1, 0, 1]
    assert kind[4] > 1


def test_a_category_has_the_kinds_that_its_titles_name() -> None:
    names = ["cat food"] * 3 + ["cat toy"] * 3 + ["voucher"]
    kind = kinds(names, np.zeros(7, np.int32))
    assert kind[0] == kind[1] == kind[2]
    assert kind[3] == kind[4] == kind[5]
    assert len({kind[0], kind[3], kind[6]}) == 3


def test_content_vectors_have_unit_length_and_meet_in_shared_words() -> None:
    vectors = content_vectors(TITLES, NONE, NONE)
    cosine = (vectors @ vectors.T).toarray()
    assert np.diag(cosine) == pytest.approx([1, 1, 1, 0, 1])
    assert cosine[0, 1] > cosine[0, 2] > 0
    assert cosine[0, 4] == 0
    pairs = csr_matrix(np.array([[0, 1, 1, 0, 1]] + [[0] * 5] * 4, np.float32))
    assert closeness_of(pairs, vectors) == pytest.approx(cosine[0, [1, 2, 4]])


def test_a_category_makes_products_without_a_common_word_alike() -> None:
    category = np.array([-1, -1, -1, 0, 0], np.int32)
    vectors = content_vectors(TITLES, category, NONE)
    assert (vectors @ vectors.T)[3, 4] > 0


def test_one_kind_is_one_category_or_one_noun_or_nearly_one_title() -> None:
    content = Content.of(TITLES, np.array([-1, -1, -1, 0, 0], np.int32), NONE)
    first, second = np.array([0, 0, 3, 0, 3]), np.array([1, 2, 4, 2, 0])
    cosine = np.array([0.1, 0.5, 0.0, 0.9, 0.9], np.float32)
    assert content.same_kind(first, second, cosine).tolist() == [True, False, True, True, False]


def test_of_one_noun_are_one_sort_but_not_always_one_kind() -> None:
    titles = [f"{of} {bag}" for bag in ("lunch bag", "tote bag") for of in ("Owl", "Rose", "Skull")]
    fillers = [
        f"{thing} with rose" for thing in ("Mug", "Bowl", "Tin", "Sign", "Clock", "Card") for _ in "1234"
    ]
    none = np.full(len(titles) + len(fillers), -1, np.int32)
    content = Content.of(titles + fillers, none, none)
    first, second, far = np.array([0, 0, 0]), np.array([1, 3, 6]), np.zeros(3, np.float32)
    assert content.same_kind(first, second, far).tolist() == [True, False, False]
    assert content.same_sort(first, second, far).tolist() == [True, True, False]
    assert content.is_exact[:7].tolist() == [True] * 6 + [False]


def test_the_closest_are_of_one_kind_and_near_in_price() -> None:
    titles = ["Red cup", "Green cup", "Blue cup", "Red kettle"]
    none, price = np.full(4, -1, np.int32), np.array([10, 80, 11, 10], np.float32)
    found = closest(Content.of(titles, none, none), price, kept=3)
    assert found[0].indices.tolist() == [2, 1, 3]


def test_what_is_alike_is_looked_for_again_only_where_something_changed() -> None:
    titles = ["Red cup", "Green cup", "Blue cup", "Red kettle"]
    none, price = np.full(4, -1, np.int32), np.array([10, 80, np.nan, 10], np.float32)
    content = Content.of(titles, none, none)
    dearer = price * np.array([1, 1, 1, 4], np.float32)
    other = Content.of(["Red cup", "Green cup", "Blue cup", "Blue kettle"], none, none)
    for asked, same in (
        ((Content.of(titles, none, none), price.copy(), 3), True),
        ((content, dearer, 3), False),
        ((content, price, 2), False),
        ((other, price, 3), False),
    ):
        alike = SimilarityCache()
        first, again = alike.closest(content, price, 3), alike.closest(*asked)
        assert (again is first) is same
        assert np.array_equal(again.toarray(), closest(*asked).toarray())


def test_price_closeness_falls_with_the_ratio_and_ignores_unknown_prices() -> None:
    price = np.array([10, 10, np.nan, 0], np.float32)
    other = np.array([10, 10 * np.e**2, 5, 5], np.float32)
    assert price_closeness(price, other) == pytest.approx([1, np.exp(-1), 1, 1])


def test_a_large_catalogue_leaves_out_the_commonest_words() -> None:
    vectors = csr_matrix(np.array([[1, 0, 1], [1, 0, 1], [1, 1, 0], [1, 1, 0]], np.float32))
    assert rarest(vectors, pairs=8).toarray().tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0]]
    assert rarest(vectors, pairs=24).toarray().tolist() == vectors.toarray().tolist()
