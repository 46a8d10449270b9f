"""The better one of each product: of its kind and size, dearer, and better in a way that can be told."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.arrays.tables import Neighbours
from recommender.sources.upgrades import BETTER_GRADE, BETTER_RATED, BOUGHT_AGAIN, LARGER, OTHER_MATERIAL
from training.data.neighbours import neighbour_lists, only, row_of_each, strongest, values_at
from training.data.traits import Traits, steps_up
from training.models.product_kinds import Content, price_closeness

STEP_UP = 1.1, 3.0  # a better product costs this many times as much
BETTER_BY = 0.15  # stars, from which a rating is better; as much below, it is worse
LEAST_BUYERS, AGAIN_BY, SURE = 30, 0.05, 2.0  # buyers of each; repeat rate gained, at least; standard errors
PRICE_COUNTS = 0.25  # of its part in `closest`: the same flavour comes before the nearer price
ONLY_AGAIN = 0.5  # weight of what nothing but its buyers says to be better
KEPT = 20


def upgrades(
    alike: csr_matrix,
    content: Content,
    variant_group: NDArray[np.int32],
    price: NDArray[np.float32],
    traits: Traits,
    buyers: NDArray[np.int32],
    repeat_rate: NDArray[np.float32],
) -> Neighbours:
    """Better products of each, the most alike first; `together` says what is better, a sum of the codes of
    `recommender.sources.upgrades`. alike: `closest`; the others: (n_items), of each.

    A product says nothing, and has none, where no product of its kind is known to be better than it.
    """
    row, other = row_of_each(alike), alike.indices
    ratio = np.divide(price[other], price[row], out=np.zeros(len(row), np.float32), where=price[row] > 0)
    kind, group = content.kind, variant_group
    may = (kind[row] == kind[other]) & (kind[row] >= 0) & (ratio >= STEP_UP[0]) & (ratio <= STEP_UP[1])
    may &= (group[row] != group[other]) | (group[row] < 0)
    pairs, ratio = only(alike, may), ratio[may]
    row, other = row_of_each(pairs), pairs.indices
    better = _larger(row, other, ratio, traits)
    same_size = (traits.size_code[row] == traits.size_code[other]) & content.is_exact[row]
    better += np.where(same_size & (better == 0), _better_made(row, other, traits), 0)
    better += BOUGHT_AGAIN * (same_size & _bought_again(row, other, buyers, repeat_rate)).astype(np.int32)
    better[_worse(row, other, traits)] = 0
    nearness = price_closeness(price[row], price[other]) ** (PRICE_COUNTS - 1)
    pairs.data = (pairs.data * nearness * np.where(better == BOUGHT_AGAIN, ONLY_AGAIN, 1.0)).astype(
        np.float32
    )
    codes = csr_matrix((better.astype(np.float32), pairs.indices, pairs.indptr), shape=pairs.shape)
    best = strongest(only(pairs, better > 0), KEPT)
    return neighbour_lists(best, values_at(codes, row_of_each(best), best.indices).astype(np.int32))


def _larger(
    row: NDArray[np.int64], other: NDArray[np.int32], ratio: NDArray[np.float32], traits: Traits
) -> NDArray[np.int32]:
    """LARGER where the title says the same thing in a larger size."""
    found = np.zeros(len(row), np.int32)
    same = (traits.rest_code[row] == traits.rest_code[other]) & (
        traits.size_code[row] != traits.size_code[other]
    )
    for at in np.flatnonzero(same).tolist():
        if steps_up(traits.sizes[row[at]], traits.sizes[other[at]], ratio.item(at)):
            found[at] = LARGER
    return found


def _better_made(row: NDArray[np.int64], other: NDArray[np.int32], traits: Traits) -> NDArray[np.int32]:
    """Codes of what the attributes of two products tell."""
    material, grade, rating = traits.material_code, traits.grade, traits.rating
    known = (material[row] >= 0) & (material[other] >= 0) & (material[row] != material[other])
    rated = rating[other] >= rating[row] + BETTER_BY
    graded = (grade[other] > grade[row]) & (grade[row] >= 0)
    codes = OTHER_MATERIAL * (known & (rated | graded)) + BETTER_RATED * rated + BETTER_GRADE * graded
    return np.asarray(codes, np.int32)


def _bought_again(
    row: NDArray[np.int64], other: NDArray[np.int32], buyers: NDArray[np.int32], rate: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether its buyers buy the other again more often, beyond chance."""
    n, n_other = np.maximum(buyers[row], 1), np.maximum(buyers[other], 1)
    error = np.sqrt(rate[row] * (1 - rate[row]) / n + rate[other] * (1 - rate[other]) / n_other)
    enough = np.minimum(n, n_other) >= LEAST_BUYERS
    return np.asarray(enough & (rate[other] - rate[row] >= np.maximum(SURE * error, AGAIN_BY)))


def _worse(row: NDArray[np.int64], other: NDArray[np.int32], traits: Traits) -> NDArray[np.bool_]:
    """Whether something known speaks against the other."""
    lower = (traits.grade[other] < traits.grade[row]) & (traits.grade[other] >= 0)
    return np.asarray(lower | (traits.rating[other] <= traits.rating[row] - BETTER_BY))
