"""The better one: similar products a step up in price, up to what this customer has been willing to pay."""

from __future__ import annotations

import numpy as np

from recommender.context.request import Situation
from recommender.model.customer_tables import PRICE_BANDS, CustomerTable
from recommender.sources.candidates import Candidates
from recommender.sources.neighbours import similar

STEP_UP = 1.1, 3.0  # a better product costs this many times as much
LEAST_BOUGHT, ACCEPTED = 3, 0.2
"""From so many products on a customer's price bands say something; this share of them makes a band theirs."""
BEYOND = np.float32(0.25)
"""What a product above the customer's bands counts: it comes after those within."""


def step_up(situation: Situation) -> Candidates:
    """Similar products at a higher price; those of a price band that this customer does not buy come last."""
    found = similar(situation)
    price = situation.bundle.tables.product.price
    ratio = price[found.items] / price[situation.product]
    better = found.where((ratio >= STEP_UP[0]) & (ratio <= STEP_UP[1]))
    people = situation.bundle.tables.people
    if people is None or not len(better.items):
        return better
    ceiling = max(accepted_band(situation, people), int(people.price_band[situation.product]))
    within = people.price_band[better.items] <= ceiling
    return better._replace(scores=np.where(within, better.scores, better.scores * BEYOND))


def accepted_band(situation: Situation, people: CustomerTable) -> int:
    """The highest of PRICE_BANDS in or above which a fifth of what they bought lies; the highest of all while
    that is too little to tell."""
    items = [*situation.purchases.items.tolist(), *situation.fresh_purchases]
    bands = people.price_band[items] if items else people.price_band[:0]
    bands = bands[bands >= 0]
    highest = len(PRICE_BANDS) - 1
    if len(bands) < LEAST_BOUGHT:
        return highest
    return max(band for band in range(highest + 1) if (bands >= band).mean() >= ACCEPTED)
