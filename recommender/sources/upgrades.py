"""The better one: similar products a step up in price, up to what this customer has been willing to pay."""

import numpy as np

from recommender.context.request import Situation
from recommender.model.customer_tables import PRICE_BAND_NAMES, CustomerTable
from recommender.sources.candidates import Candidates
from recommender.sources.neighbours import similar

STEP_UP = 1.1, 3.0  # a better product costs this many times as much
LEAST_BOUGHT = 3  # products; with fewer a customer's price bands are unknown
ACCEPTED = 0.2  # share of the products bought that must lie in a price band or above it
BEYOND = np.float32(0.25)  # weight of a product above the customer's bands: it comes after those within


def step_up(situation: Situation) -> Candidates:
    """Similar products at a higher price; those of a price band that this customer does not buy come last."""
    candidates = similar(situation)
    price = situation.bundle.tables.product.price
    ratio = price[candidates.items] / price[situation.product]
    better = candidates.where((ratio >= STEP_UP[0]) & (ratio <= STEP_UP[1]))
    customers = situation.bundle.tables.people
    if customers is None or not len(better.items):
        return better
    ceiling = max(accepted_band(situation, customers), int(customers.price_band[situation.product]))
    within = customers.price_band[better.items] <= ceiling
    return better._replace(scores=np.where(within, better.scores, better.scores * BEYOND))


def accepted_band(situation: Situation, customers: CustomerTable) -> int:
    """The highest of PRICE_BANDS with ACCEPTED of what they bought in it or above; the highest of all for a
    customer of fewer than LEAST_BOUGHT products."""
    items = [*situation.purchases.items.tolist(), *situation.fresh_purchases]
    bands = customers.price_band[items] if items else customers.price_band[:0]
    bands = bands[bands >= 0]
    highest = len(PRICE_BAND_NAMES) - 1
    if len(bands) < LEAST_BOUGHT:
        return highest
    return max(band for band in range(highest + 1) if (bands >= band).mean() >= ACCEPTED)
