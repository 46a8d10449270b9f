"""What sort of thing each product is, and how close two products are by what the catalogue says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from training.data.neighbours import inner_products, only, row_of_each, stacked, strongest
from training.models.kind_names import kind_names
from training.models.titles import compounds, heads, language_of, words

HEAD_WEIGHT = 2.0  # "bag" says more of a red bag than "red" does
LEAST_NAMED, NAMED_SHARE = 3, 0.5  # products of a category by one name; of them all, that have such a name
OTHER_KIND = 0.3  # a product of another kind is like this one only where nothing better is
TWINS = 0.85  # titles this close are of one kind even where their head nouns were read differently
PRICE_FADE = 2.0  # e-folds of price difference at which closeness falls by e
PAIRS = 300_000_000  # of products with a word in common, at most (more: 1,000 a product) ...
PAIRS_PER_PRODUCT = 1_000


def kinds(names: Sequence[str], category: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n_items) int32, equal for products of one kind; -1 where nothing is known. names: from `kind_names`.

    What titles call the thing, within the category where there is one: cat food is no cat toy. A category
    whose titles do not agree on names is one kind.
    """
    named = np.unique(np.array(names), return_inverse=True)[1]
    _, pair, sizes = np.unique(np.stack([category, named]), axis=1, return_inverse=True, return_counts=True)
    pair, inside = pair.ravel(), category >= 0
    shared = np.bincount(category[inside], weights=sizes[pair[inside]] >= LEAST_NAMED)
    splits = np.append(shared >= NAMED_SHARE * np.bincount(category[inside]), True)  # the last: no category
    by_name = splits[category] & (inside | (np.array(names) != ""))
    return np.where(by_name, pair + len(splits), category).astype(np.int32)


def content_vectors(
    titles: Sequence[str], category: NDArray[np.int32], brand: NDArray[np.int32]
) -> csr_matrix:
    """(n_items, n_terms) float32 unit rows: TF-IDF of title words, compounds' parts, category, brand."""
    language = language_of(titles)
    split = compounds(titles, language)
    noun = heads(titles, split, language)
    terms = [
        _terms(words(title, language), noun[item], split, int(category[item]), int(brand[item]))
        for item, title in enumerate(titles)
    ]
    return _unit_tf_idf(terms)


@dataclass(frozen=True)
class Content:
    """What the catalogue says of each product: kind (`kinds`) and vectors (`content_vectors`).

    noun: int32, of its title, -1 for none; by_category: whether it has one; is_exact: whether its kind is
    narrow enough to compare products, by a category or by a name of two words ("lunch bag", not "bag").
    """

    kind: NDArray[np.int32]
    vectors: csr_matrix
    noun: NDArray[np.int32]
    by_category: NDArray[np.bool_]
    is_exact: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        titles: Sequence[str],
        category: NDArray[np.int32],
        brand: NDArray[np.int32],
        bare_titles: Sequence[str] | None = None,
    ) -> Content:
        """bare_titles: without brands, from which kinds are read."""
        names, nouns = kind_names(bare_titles or titles)
        codes = {noun: code for code, noun in enumerate(sorted(set(nouns) - {""}))}
        is_exact = (category >= 0) | np.array([" " in name for name in names], np.bool_)
        return cls(
            kinds(names, category),
            content_vectors(titles, category, brand),
            np.array([codes.get(noun, -1) for noun in nouns], np.int32),
            category >= 0,
            is_exact,
        )

    def same_kind(
        self, item: NDArray[Any], other: NDArray[Any], cosine: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """Whether each pair (parallel arrays, with the cosine of their vectors) is of one kind."""
        equal = (self.kind[item] == self.kind[other]) & (self.kind[item] >= 0)
        twins = (cosine > TWINS) & ~self.by_category[item] & ~self.by_category[other]
        return np.asarray(equal | twins)

    def same_sort(
        self, item: NDArray[Any], other: NDArray[Any], cosine: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        """The same, or of one noun without a category: a lunch bag does not complement a jumbo bag."""
        named = (self.noun[item] == self.noun[other]) & (self.noun[item] >= 0)
        named &= ~self.by_category[item] & ~self.by_category[other]
        return np.asarray(named | self.same_kind(item, other, cosine))


def closest(content: Content, price: NDArray[np.float32], kept: int) -> csr_matrix:
    """(n_items, n_items): each product's `kept` closest, closest first; 1: same words, same price.

    In a large catalogue the commonest words are left out: "red" alone makes nothing alike.
    """
    blocks = []
    n_items = content.vectors.shape[0]
    for start, cosine in inner_products(rarest(content.vectors, max(PAIRS, PAIRS_PER_PRODUCT * n_items))):
        row, other = row_of_each(cosine) + start, cosine.indices
        near = cosine.data * price_closeness(price[row], price[other])
        near[~content.same_kind(row, other, cosine.data)] *= OTHER_KIND
        near[other == row] = 0
        cosine.data = near.astype(np.float32)
        blocks.append(strongest(cosine, kept))
    return stacked(blocks, n_items)


@dataclass
class SimilarityCache:
    """`closest`, for a rehearsal and the training after it: what both ask is looked for once."""

    _asked: Sequence[NDArray[Any]] = ()
    _found: csr_matrix | None = None

    def closest(self, content: Content, price: NDArray[np.float32], kept: int) -> csr_matrix:
        """As the function; an answer is handed out twice and then forgotten, as it may be a gigabyte."""
        vectors = content.vectors
        asked = (content.kind, vectors.indptr, vectors.indices, vectors.data, price, np.array(kept))
        found, self._found = self._found, None
        if found is not None and all(map(_equal, asked, self._asked)):
            return found
        self._asked, self._found = asked, closest(content, price, kept)
        return self._found


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.array_equal(one, other, equal_nan=True)


def rarest(vectors: csr_matrix, pairs: int) -> csr_matrix:
    """The terms of fewest products, as many as give `pairs` of products with one in common."""
    in_products = np.bincount(vectors.indices, minlength=vectors.shape[1])
    by_rarity = np.argsort(in_products, kind="stable")
    among = np.cumsum(in_products[by_rarity].astype(np.float64) ** 2) <= pairs
    return only(vectors, np.isin(vectors.indices, by_rarity[among])) if not among.all() else vectors


def closeness_of(pairs: csr_matrix, vectors: csr_matrix) -> NDArray[np.float32]:
    """Cosine of the content of each stored pair, in storage order."""
    found = np.zeros(pairs.nnz, np.float32)
    row = row_of_each(pairs)
    for start in range(0, pairs.nnz, 500_000):
        part = slice(start, start + 500_000)
        found[part] = np.asarray(
            vectors[row[part]].multiply(vectors[pairs.indices[part]]).sum(axis=1)
        ).ravel()
    return found


def price_closeness(price: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 at the same price, falling with the ratio; 1 where a price is unknown or nothing."""
    known = (price > 0) & (other > 0)
    ratio = np.divide(price, other, out=np.ones_like(price), where=known)
    return np.exp(-np.abs(np.log(ratio)) / PRICE_FADE).astype(np.float32)


def _terms(
    title: Sequence[str], noun: str, split: dict[str, tuple[str, str]], category: int, brand: int
) -> dict[str, float]:
    parts = [part for word in title for part in split.get(word, ())]
    weights = dict.fromkeys([*parts, *title], 1.0)
    if noun:
        weights[noun] = HEAD_WEIGHT
    if category >= 0:
        weights[f"category {category}"] = HEAD_WEIGHT
    if brand >= 0:
        weights[f"brand {brand}"] = 1.0
    return weights


def _unit_tf_idf(products: Sequence[dict[str, float]]) -> csr_matrix:
    column = {
        term: place for place, term in enumerate(sorted({term for terms in products for term in terms}))
    }
    indptr = np.cumsum([0, *map(len, products)])
    indices = np.array([column[term] for terms in products for term in terms], np.int32)
    weights = np.array([weight for terms in products for weight in terms.values()], np.float32)
    in_titles = np.bincount(indices, minlength=len(column))
    idf = np.log((1 + len(products)) / (1 + in_titles)) + 1.0
    matrix = csr_matrix((weights * idf[indices], indices, indptr), shape=(len(products), max(len(column), 1)))
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return csr_matrix(diags_array(1 / np.maximum(length, 1e-12)) @ matrix, dtype=np.float32)
