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

    Sources know which sizes and colours go together; where they say nothing, the most bought one ranks first.
    What a person buys time and again is proposed (`repeat`) whichever other size of it lies in the cart.
    """
    groups = situation.bundle.tables.variant_groups
    if not len(groups.items):
        return NO_VARIANTS
    own, apart = own_purchases(situation), hidden
    if "repeat" in sources:
        apart = np.array(already, np.int32)
    return (*groups.columns, apart, own.items, own.orders)
