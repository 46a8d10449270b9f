"""The better one: of the same kind, and in prices that this customer has been willing to pay."""

from recommender.context.request import Situation
from recommender.model.customer_tables import PRICE_BAND_NAMES, CustomerTable
from recommender.sources.candidates import Candidates, neighbours_of

LARGER, OTHER_MATERIAL, BETTER_GRADE, BETTER_RATED, BOUGHT_AGAIN = 1, 2, 4, 8, 16
"""What is better about a product; the table of upgrades holds their sum (see `training.models.upgrades`)."""
LEAST_BOUGHT = 3  # products; with fewer a customer's price bands are unknown
ACCEPTED = 0.2  # share of the products bought that must lie in a price band or above it


def step_up(situation: Situation) -> Candidates:
    """Better products of the kind, none of them in a price band above those that this customer buys in."""
    if situation.product < 0:
        return Candidates.none()
    better = neighbours_of(situation.bundle.tables.upgrades, [situation.product], [1.0])
    customers = situation.bundle.tables.people
    if customers is None or not len(better.items):
        return better
    ceiling = max(accepted_band(situation, customers), int(customers.price_band[situation.product]))
    return better.where(customers.price_band[better.items] <= ceiling)


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
