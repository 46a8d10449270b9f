"""The two lists of a product page: instead of it, and with it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from training.co_purchase import co_purchase, split
from training.history import History
from training.interactions import order_items, session_items
from training.kinds import Content, closeness_of, closest
from training.neighbours import row_of_each, strongest
from training.products import Products
from training.settings import TrainingSettings

VIEWED_WEIGHT, BOUGHT_WEIGHT, CONTENT_WEIGHT = 1.0, 0.5, 0.5
FAMILY_BOOST = 3.0  # a shared name ("regency") says that two things belong together
WIDER = 4  # a pool this many times as long, before it is split by kind
SESSION_SUPPORT = 2


def page_neighbours(
    history: History, products: Products, settings: TrainingSettings
) -> tuple[csr_matrix, csr_matrix]:
    """(similar, complements), each (n_items, n_items) with the strongest first.

    Similar: viewed in the same sessions, bought together though of one kind, or alike by title, category,
    brand and price. Complements: bought together and of different kinds, the same family before others.
    """
    content = Content.of(products.titles, products.category, products.brand)
    kept, shrinkage = settings.neighbours_kept, settings.co_purchase_shrinkage
    bought = co_purchase(order_items(history), shrinkage, settings.complement_support, WIDER * kept)
    viewed = co_purchase(session_items(history), shrinkage, SESSION_SUPPORT, kept)
    closeness = closeness_of(bought, content.vectors)
    same = content.same_kind(row_of_each(bought), bought.indices, closeness)
    instead, beside = split(bought, same)
    alike = closest(content, products.price, kept)
    similar = VIEWED_WEIGHT * viewed + BOUGHT_WEIGHT * instead + CONTENT_WEIGHT * alike
    beside.data = (beside.data * (1.0 + FAMILY_BOOST * closeness[~same])).astype(np.float32)
    return strongest(csr_matrix(similar), kept), strongest(beside, kept)
