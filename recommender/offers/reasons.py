"""Why this offer, why not a bigger one, why none: a decision in plain words."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.offers.catalogue import Offer
from recommender.offers.eligibility import OfferContext

Code = Literal["pays", "explores", "nothing_pays", "nothing_allowed"]


class DecisionReason(msgspec.Struct, frozen=True):
    """text: why this; why_not: offer id -> why not that one."""

    code: Code
    text: str
    why_not: dict[str, str]


class ArmValue(NamedTuple):
    """Money. cost: of a redemption; gain: incremental margin; charge: its budgets' price for it."""

    cost: float
    gain: float
    charge: float


def explain(
    offers: Sequence[Offer],
    gain: Float64s,
    charges: Float64s,
    arm: int,
    chances: Float64s,
    refused: Mapping[str, str],
    context: OfferContext,
) -> DecisionReason:
    """gain, charges, chances: (n_offers + 1), incremental margin, budgets' price and propensity of each offer
    and of none."""
    chosen = ArmValue(
        offers[arm].costs(context.basket) if arm < len(offers) else 0.0, gain[arm], charges[arm]
    )
    others = {
        offer.id: _why_not(ArmValue(offer.costs(context.basket), gain[row], charges[row]), chosen)
        for row, offer in enumerate(offers)
        if row != arm
    }
    code, text = _why(offers, gain, arm, chances)
    return DecisionReason(code, text, {**others, **refused})


def _why(offers: Sequence[Offer], gain: Float64s, arm: int, chances: Float64s) -> tuple[Code, str]:
    if not offers:
        return "nothing_allowed", "No offer may be given to this customer now."
    if chances[arm] < chances.max():
        return "explores", f"One of the {chances[arm]:.0%} of decisions that try this out, so that we learn."
    if arm < len(offers):
        return "pays", (
            f"Expected to bring {gain[arm]:.2f} more than no offer, after its cost: more than any other."
        )
    best = int(np.argmax(gain[:-1]))
    return "nothing_pays", (
        f"Without an offer they bring most: the best, {_name_of(offers[best])}, would change that by"
        f" {gain[best]:.2f}."
    )


def _why_not(other: ArmValue, chosen: ArmValue) -> str:
    cost, gain, charge = other
    if gain <= 0:
        return f"it would cost {cost:.2f} where it is used, and bring {gain:.2f}: no more than it gives away"
    if gain <= chosen.gain:
        more = f"takes {cost - chosen.cost:.2f} more and " if cost > chosen.cost > 0 else ""
        return f"it {more}would bring {gain:.2f}, the one chosen {chosen.gain:.2f}"
    if gain - charge <= chosen.gain - chosen.charge:
        return f"it would bring {gain:.2f}, but its budget is short and asks {charge:.2f} for it"
    return f"it may bring {gain:.2f}, but that is not sure enough yet"


def loss_reason(offer: Offer, gain: float, context: OfferContext, anyway: float) -> str:
    """Why an offer that can hardly pay is not even tried."""
    cost = offer.costs(context.basket)
    return (
        f"they would order anyway in {anyway:.0%} of such cases and take {cost:.2f} with"
        f" them: it would bring {gain:.2f}"
    )


def _name_of(offer: Offer) -> str:
    return offer.name or offer.id
