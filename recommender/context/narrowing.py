"""What a question leaves of the products: category, prices, country, attributes, a list of its own."""

import numpy as np

from recommender.arrays.dtypes import Bools
from recommender.context.market import sold_in
from recommender.context.request import Request
from recommender.filters.masks import mask_of
from recommender.model.availability import Availability
from recommender.model.bundle import Tables


def narrowed(request: Request, tables: Tables, availability: Availability, country: str | None) -> Bools:
    """(n_items), new: what is offered, and within all that the request says. country: whose products alone
    may be shown."""
    allowed = (availability.sellable if request.in_stock else availability.offered).copy()
    if request.category is not None:
        category, in_category = tables.categories.row(request.category), np.zeros_like(allowed)
        if category >= 0:
            in_category[tables.category_popular.of(category).items] = True
        allowed &= in_category
    if request.min_price is not None:
        allowed &= availability.price >= request.min_price
    if request.max_price is not None:
        allowed &= availability.price <= request.max_price
    if country:
        allowed &= sold_in(country, tables, availability)
    if request.filter is not None:
        allowed &= mask_of(request.filter, tables, availability)
    if request.candidates:
        named = np.zeros_like(allowed)
        named[tables.products.rows(request.candidates)] = True
        allowed &= named
    return allowed
