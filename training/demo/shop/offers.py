"""Past offers, given at random with known propensities, and the orders that they brought."""

from dataclasses import dataclass
from random import Random

from recommender.offers.catalogue import NO_OFFER
from training.demo.shop.people import SimulatedCustomer
from training.demo.shop.season import HISTORY_DAYS

PROPENSITIES = {NO_OFFER: 0.4, "percent_10": 0.2, "free_shipping": 0.2, "amount_5": 0.2}
COUPONS = {"percent_10": "TEN", "free_shipping": "POSTFREE", "amount_5": "FIVE"}
CAMPAIGNS, CAMPAIGN_EVERY, CAMPAIGN_REACH = 13, 28, 0.85
VALID_DAYS = 14.0


@dataclass(slots=True)
class PastDecision:
    """One customer's draw in one campaign. induced: the day of the order that it brought, if any."""

    day: float
    offer: str
    induced: float | None = None


def campaign_days() -> list[float]:
    """Thirteen campaigns, four weeks apart, all over by the end of the history."""
    last = HISTORY_DAYS - VALID_DAYS - 1
    return [last - CAMPAIGN_EVERY * back for back in reversed(range(CAMPAIGNS))]


def draw_offers(customer: SimulatedCustomer, orders: list[float], dice: Random) -> list[PastDecision]:
    """Draw a customer's offers; an offer may bring an order if none would have come and they are active.

    orders: days of the orders that come anyway.
    """
    decisions = []
    for day in campaign_days():
        if not customer.consent or customer.first > day - 1 or dice.random() > CAMPAIGN_REACH:
            continue
        decision = PastDecision(day, dice.choices(list(PROPENSITIES), list(PROPENSITIES.values()))[0])
        comes_anyway = any(day < order <= day + VALID_DAYS for order in orders)
        brought = dice.random() < customer.uplift.get(decision.offer, 0.0)
        if brought and not comes_anyway and customer.stays_at(day):
            latest = min(day + VALID_DAYS - 1, customer.leaves)
            decision.induced = day + (latest - day) * (0.1 + 0.85 * dice.random())
        decisions.append(decision)
    return decisions


def in_force(decisions: list[PastDecision], day: float) -> PastDecision | None:
    """The decision whose 14 days cover this day."""
    return next((d for d in decisions if d.day < day <= d.day + VALID_DAYS), None)
