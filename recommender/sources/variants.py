"""Which variant of a product an answer shows, and whose variants it must not show."""

from collections.abc import Collection, Sequence

import numpy as np

from recommender.arrays.dtypes import Int32s
from recommender.context.request import Situation
from recommender.kernels.ranking import Variants
from recommender.sources.als import own_purchases
from recommender.sources.candidates import NO_VARIANTS


def variants_to_show(
    situation: Situation, sources: Collection[str], hidden: Int32s, already: Sequence[int]
) -> Variants:
    """Of each product the variant that this shopper buys, else the one that the sources rank highest; no
    other size of what is hidden, or in the answer already.

    Sources know which sizes and colours go together; where they say nothing, the most bought one ranks first,
    and it stands in for one that is out of stock. What a person buys time and again (`repeat`) is proposed
    whichever other size of it lies in the cart, and nothing stands in for it; nor for a better product
    (`upgrade`), of which the very variant was compared.
    """
    groups = situation.bundle.tables.variant_groups
    if not len(groups.items):
        return NO_VARIANTS
    own, by_habit = own_purchases(situation), "repeat" in sources
    apart = np.array(already, np.int32) if by_habit else hidden
    stands_in = 0 if by_habit or "upgrade" in sources else 1
    return (*groups.columns, apart, own.items, own.orders, stands_in)
