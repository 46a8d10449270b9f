"""Why this offer, why not a bigger one, why none: a decision in plain words."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from recommender.arrays.dtypes import Float64s
from recommender.offers.catalogue import Offer
from recommender.offers.eligibility import OfferContext

Code = Literal["pays", "explores", "nothing_pays", "nothing_allowed", "budget_short"]


ASSUMED = " Costs are not known: the margin is the one that the shop assumes."


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

    @property
    def net(self) -> float:
        """What it brings above what its budgets charge."""
        return self.gain - self.charge


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
    costs = [*(offer.costs(context.basket) for offer in offers), 0.0]
    values = [ArmValue(*each) for each in zip(costs, gain.tolist(), charges.tolist(), strict=True)]
    others = {offer.id: _why_not(values[row], values[arm]) for row, offer in enumerate(offers) if row != arm}
    code, text = _why(offers, values, arm, chances)
    text += ASSUMED if context.margin_assumed else ""
    return DecisionReason(code, text, {**others, **refused})


def _why(
    offers: Sequence[Offer], values: Sequence[ArmValue], arm: int, chances: Float64s
) -> tuple[Code, str]:
    if not offers:
        return "nothing_allowed", "No offer may be given to this customer now."
    chosen, best = values[arm], max(values, key=lambda each: each.net)
    if chances[arm] < chances.max() or (arm < len(offers) and chosen.net < 0):
        return "explores", f"One of the {chances[arm]:.0%} of decisions that try this out, so that we learn."
    if arm < len(offers):
        doubt = "others may bring more, but that is not sure enough yet"
        than = "more than any other" if chosen == best else doubt
        above = f", and more than the {chosen.charge:.2f} that its budget asks" if chosen.charge > 0 else ""
        return "pays", (
            f"Expected to bring {_money(chosen.gain)} more than no offer, after its cost{above}: {than}."
        )
    row = max(range(len(offers)), key=lambda each: values[each].gain)
    gain, charge = values[row].gain, values[row].charge
    name = offers[row].name or offers[row].id
    if gain > 0 and values[row].net <= 0:
        return "budget_short", (
            f"The best, {name}, would bring {_money(gain)}, but its budget is short and asks {charge:.2f}."
        )
    if gain > 0:
        return "nothing_pays", f"The best, {name}, may bring {_money(gain)}, but that is not sure enough yet."
    return "nothing_pays", (
        f"Without an offer they bring most: the best, {name}, would change that by {_money(gain)}."
    )


def _why_not(other: ArmValue, chosen: ArmValue) -> str:
    cost, gain, charge = other
    if gain <= 0:
        return (
            f"it would cost {cost:.2f} where it is used, and bring {_money(gain)}: no more than it gives away"
        )
    if other.net <= chosen.net and charge > chosen.charge and gain > chosen.gain:
        return f"it would bring {_money(gain)}, but its budget is short and asks {charge:.2f} for it"
    if other.net <= 0 < charge:
        return f"it would bring {_money(gain)}, but its budget is short and asks {charge:.2f} for it"
    if gain <= chosen.gain:
        more = f"takes {cost - chosen.cost:.2f} more and " if cost > chosen.cost > 0 else ""
        return f"it {more}would bring {_money(gain)}, the one chosen {_money(chosen.gain)}"
    return f"it may bring {_money(gain)}, but that is not sure enough yet"


def _money(amount: float) -> str:
    """With two digits, or with as many as show that it is not nothing."""
    return f"{amount:.2f}" if abs(amount) >= 0.005 or amount == 0 else f"{amount:.1g}"


def loss_reason(offer: Offer, gain: float, context: OfferContext, anyway: float) -> str:
    """Why an offer that can hardly pay is not even tried."""
    cost = offer.costs(context.basket)
    return (
        f"they would order anyway in {anyway:.0%} of such cases and take {cost:.2f} with"
        f" them: it would bring {_money(gain)}"
    )
