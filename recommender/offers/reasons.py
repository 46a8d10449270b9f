"""Why this offer, why not a bigger one, why none: a decision in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.offers.catalogue import Offer
from recommender.offers.eligibility import OfferContext

Code = Literal["pays", "explores", "nothing_pays", "nothing_allowed"]


class Reason(msgspec.Struct, frozen=True):
    """text: why this; why_not: offer id -> why not that one."""

    code: Code
    text: str
    why_not: dict[str, str]


class Arm(NamedTuple):
    """Money: what it takes where it is used, what it brings above no offer, what its budgets ask for it."""

    cost: float
    worth: float
    charge: float


def explain(
    offers: Sequence[Offer],
    worth: NDArray[np.float64],
    charges: NDArray[np.float64],
    arm: int,
    chances: NDArray[np.float64],
    refused: Mapping[str, str],
    asked: OfferContext,
) -> Reason:
    """worth, charges, chances: (n_offers + 1), incremental margin, what budgets ask and the chance of each
    offer and of none."""
    chosen = Arm(offers[arm].costs(asked.basket) if arm < len(offers) else 0.0, worth[arm], charges[arm])
    others = {
        offer.id: _why_not(Arm(offer.costs(asked.basket), worth[place], charges[place]), chosen)
        for place, offer in enumerate(offers)
        if place != arm
    }
    code, text = _why(offers, worth, arm, chances)
    return Reason(code, text, {**others, **refused})


def _why(
    offers: Sequence[Offer], worth: NDArray[np.float64], arm: int, chances: NDArray[np.float64]
) -> tuple[Code, str]:
    if not offers:
        return "nothing_allowed", "No offer may be given to this customer now."
    if chances[arm] < chances.max():
        return "explores", f"One of the {chances[arm]:.0%} of decisions that try this out, so that we learn."
    if arm < len(offers):
        return "pays", (
            f"Expected to bring {worth[arm]:.2f} more than no offer, after its cost: more than any other."
        )
    best = int(np.argmax(worth[:-1]))
    return "nothing_pays", (
        f"Without an offer they bring most: the best, {_called(offers[best])}, would change that by"
        f" {worth[best]:.2f}."
    )


def _why_not(other: Arm, chosen: Arm) -> str:
    cost, worth, charge = other
    if worth <= 0:
        return f"it would cost {cost:.2f} where it is used, and bring {worth:.2f}: no more than it gives away"
    if worth <= chosen.worth:
        more = f"takes {cost - chosen.cost:.2f} more and " if cost > chosen.cost > 0 else ""
        return f"it {more}would bring {worth:.2f}, the one chosen {chosen.worth:.2f}"
    if worth - charge <= chosen.worth - chosen.charge:
        return f"it would bring {worth:.2f}, but its budget is short and asks {charge:.2f} for it"
    return f"it may bring {worth:.2f}, but that is not sure enough yet"


def loses(offer: Offer, worth: float, asked: OfferContext, anyway: float) -> str:
    """Why an offer that hardly can pay is not even tried."""
    return (
        f"they would order anyway in {anyway:.0%} of such cases and take {offer.costs(asked.basket):.2f} with"
        f" them: it would bring {worth:.2f}"
    )


def _called(offer: Offer) -> str:
    return offer.name or offer.id
