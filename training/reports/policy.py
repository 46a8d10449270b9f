"""What offer policies earn, by the shop's own log: the one that served, each offer for all, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.catalogue.products import load_products
from features.home import Home
from features.insights.report import Figure, Part, Report, Table, figure, table
from recommender.offers.catalogue import NO_OFFER, Catalogue
from recommender.offers.incremental_margin import OfferModel
from training.data.history import load_history
from training.offers.log import WINDOW_DAYS, Outcomes, outcomes
from training.offers.off_policy import Value, dr, effective_sample_size, ips, refusal, snips
from training.offers.replay import MOST_UNSEEN, Replay, Traffic, above

TITLE = "Offer policies"
NOTHING_YET = (
    f"No decision is {WINDOW_DAYS} days old yet: ask for offers with POST /v1/offers, and see what comes."
)
MONEY = ("ips", "snips", "dr", "dr_low", "dr_high", "above_none", "above_low", "above_high")


def finished(home: Home) -> Outcomes | None:
    """The decisions that can be judged; None where there are none."""
    catalogue = load_products(home)
    found = outcomes(home, load_history(home, catalogue), catalogue)
    return found if found is not None and len(found.seen.arm) > 1 else None


def policy_report(
    found: Outcomes | None,
    as_of: date,
    currency: str | None,
    candidates: Mapping[str, Catalogue] | None = None,
    model: OfferModel | None = None,
) -> Report:
    """candidates: name -> catalogue to decide by instead. model: whose beliefs; None: learned from the other
    customers of the log."""
    if found is None:
        return Report("policy", TITLE, as_of.isoformat(), [Part(currency)], [NOTHING_YET])
    traffic = Traffic(found)
    none = traffic.for_all(NO_OFFER)
    policies = {"as it was decided": traffic.served()}
    policies |= {f"new: {name}": traffic.anew(each, model) for name, each in (candidates or {}).items()}
    policies |= {f"{arm} for all who may": traffic.for_all(arm) for arm in found.arms}
    policies["no offer for anybody"] = none
    rows = [_row(name, each, none) for name, each in policies.items()]
    tables = [_policies(rows), *(_mix(policies) if candidates else [])]
    return Report("policy", TITLE, as_of.isoformat(), [Part(currency, _figures(found), tables)])


def refused(replay: Replay) -> str | None:
    """Why the log cannot judge this policy; None: it can."""
    if replay.unseen > MOST_UNSEEN:
        return (
            f"{replay.unseen:.0%} of its decisions are of offers that this log has never seen given so:"
            " let them run for a share of customers first"
        )
    return refusal(replay.log)


def _row(name: str, replay: Replay, none: Replay) -> list[Any]:
    ess, why = effective_sample_size(replay.log), refused(replay)
    if why is not None:
        return [name, ess, *[None] * len(MONEY), why]
    value = [ips(replay.log).value, snips(replay.log).value, *dr(replay.log)]
    if replay is none:
        return [name, ess, *value, 0.0, 0.0, 0.0, "what the others are compared with"]
    gain = above(replay.log, none.log) if refusal(none.log) is None else None
    return [name, ess, *value, *(gain or [None] * 3), _verdict(gain)]


def _verdict(gain: Value | None) -> str:
    if gain is None:
        return "too few got no offer to compare with"
    if gain.low > 0:
        return f"earns {gain.value:.2f} more a decision than no offer"
    if gain.high < 0:
        return f"loses {-gain.value:.2f} a decision against no offer"
    return "not told apart from no offer yet"


def _figures(found: Outcomes) -> list[Figure]:
    given = float((found.seen.arm >= 0).mean())
    return [
        figure("decisions", float(len(found.seen.arm))),
        figure("offers_given", given),
        figure("least_propensity", float(found.propensity.min())),
        figure("margin_a_decision", float(found.seen.margin.mean())),
    ]


def _policies(rows: list[list[Any]]) -> Table:
    columns = ["policy", "ess", *MONEY, "policy_verdict"]
    text = (
        f"Money a decision within {WINDOW_DAYS} days, after the offer's cost, with 95 % intervals; DR's model"
        " of margins has not seen the customers it is asked about. Refused below an effective sample size of"
        " 200 or 1 % of the decisions."
    )
    return table(
        "policies",
        "What each policy earns",
        columns,
        rows,
        None,
        text,
    )


def _mix(policies: Mapping[str, Replay]) -> Iterator[Table]:
    new = {name: each for name, each in policies.items() if name.startswith("new: ")}
    arms = list(next(iter(new.values())).chances)
    rows = [
        [arm, policies["as it was decided"].chances[arm], each.chances[arm]]
        for each in new.values()
        for arm in arms
    ]
    text = "Budgets are taken as open; caps count what was really given."
    yield table("mix", "What would be given", ["offer", "served_share", "new_share"], rows, None, text)
