"""A bundle's tables of customers: past orders, expected value, reorder habits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float32s, Float64s, Int32s, Int64s
from recommender.arrays.id_map import IdMap
from recommender.value.customer_value import CustomerValue
from recommender.value.reorder_timing import Reorder
from recommender.value.segments import Rhythm

PRICE_BAND_NAMES = ("lower", "middle", "upper")


@dataclass(frozen=True)
class CustomerFacts:
    """Customers' past orders and attributes at the time of training, rows in IdMap order.

    orders int32, revenue float64 (money in `currency`, net of discounts and refunds); first, last int64
    (epoch s of the first and last order, 0: none); discounted float32 (share of orders with a discount or
    coupon); currency, channel, country, language int32 rows of `words`, -1: not known; consent int8 to
    e-mail: 1, 0, or -1: not known.
    """

    orders: Int32s
    revenue: Float64s
    first: Int64s
    last: Int64s
    discounted: Float32s
    currency: Int32s
    channel: Int32s
    country: Int32s
    language: Int32s
    consent: NDArray[np.int8]
    words: IdMap

    def word(self, column: Int32s, customer: int) -> str | None:
        """A customer's value in one of the columns that hold rows of `words`."""
        row = int(column[customer]) if customer >= 0 else -1
        return self.words.name(row) if row >= 0 else None


@dataclass(frozen=True)
class CustomerTable:
    """usual: (3) float64, the shop's `Rhythm`; price_band: (n_items) int8, of PRICE_BANDS, -1: no price."""

    facts: CustomerFacts
    value: CustomerValue
    reorder: Reorder
    usual: Float64s
    price_band: NDArray[np.int8]

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(*self.usual.tolist())
