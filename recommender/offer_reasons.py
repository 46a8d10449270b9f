"""Why this offer, why not a bigger one, why none: a decision in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.offer_catalogue import Offer
from recommender.offer_eligibility import Asked

Code = Literal["pays", "explores", "nothing_pays", "nothing_allowed"]


class Reason(msgspec.Struct, frozen=True):
    """text: why this; why_not: offer id -> why not that one."""

    code: Code
    text: str
    why_not: dict[str, str]


def explain(
    offers: Sequence[Offer],
    worth: NDArray[np.float64],
    arm: int,
    chances: NDArray[np.float64],
    refused: Mapping[str, str],
    asked: Asked,
) -> Reason:
    """worth, chances: (n_offers + 1), incremental margin and chance of each offer and of none."""
    others = {
        offer.id: _why_not(offer, float(worth[place]), float(worth[arm]), asked)
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


def _why_not(offer: Offer, worth: float, chosen: float, asked: Asked) -> str:
    cost = offer.costs(asked.basket)
    if worth <= 0:
        return f"it would cost {cost:.2f} where it is used, and bring {worth:.2f}: no more than it gives away"
    if worth <= chosen:
        return f"it would bring {worth:.2f}, the one chosen {chosen:.2f}"
    return f"it may bring {worth:.2f}, but that is not sure enough yet"


def _called(offer: Offer) -> str:
    return offer.name or offer.id
