"""The report of offer policies, evaluated on the shop's log: as decided, each offer for all, new ones."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from features.catalogue.products import load_products
from features.home import Home
from features.insights.report import Figure, Part, Report, Table, figure, table, with_assumed_margin
from recommender.offers.catalogue import NO_OFFER, Catalogue
from recommender.offers.incremental_margin import OfferModel
from training.data.history import load_history
from training.offers.log import WINDOW_DAYS, DecisionOutcomes, decision_outcomes
from training.offers.off_policy import Value, advantage, dr, effective_sample_size, ips, refusal, snips
from training.offers.replay import MOST_UNSEEN, PolicyReplay, ReplayResult

POLICIES_TITLE = "Offer policies"
NOTHING_YET = (
    f"No decision is {WINDOW_DAYS} days old yet: ask for offers with POST /v1/offers, and see what comes."
)
ESTIMATE_COLUMNS = ("ips", "snips", "dr", "dr_low", "dr_high", "above_none", "above_low", "above_high")


def finished_outcomes(home: Home) -> DecisionOutcomes | None:
    """Outcomes of the decisions whose window is over; None where there are fewer than two."""
    catalogue = load_products(home)
    outcomes = decision_outcomes(home, load_history(home, catalogue), catalogue)
    return outcomes if outcomes is not None and len(outcomes.responses.arm) > 1 else None


def policy_report(
    outcomes: DecisionOutcomes | None,
    as_of: date,
    currency: str | None,
    candidates: Mapping[str, Catalogue] | None = None,
    model: OfferModel | None = None,
) -> Report:
    """candidates: name -> catalogue to decide by instead. model: by whose expectations; None: of models
    fitted to the other customers of the log."""
    if outcomes is None:
        return Report("policy", POLICIES_TITLE, as_of.isoformat(), [Part(currency)], [NOTHING_YET])
    replay = PolicyReplay(outcomes)
    none = replay.for_all(NO_OFFER)
    policies = {"as it was decided": replay.logging_policy()}
    policies |= {
        f"new: {name}": replay.for_catalogue(each, model) for name, each in (candidates or {}).items()
    }
    policies |= {f"{arm} for all who may": replay.for_all(arm) for arm in outcomes.arms}
    policies["no offer for anybody"] = none
    rows = [_row(name, each, none) for name, each in policies.items()]
    tables = [_policies(rows), *(_mix(policies) if candidates else [])]
    report = Report("policy", POLICIES_TITLE, as_of.isoformat(), [Part(currency, _figures(outcomes), tables)])
    return with_margin_told(report, outcomes)


def with_margin_told(report: Report, outcomes: DecisionOutcomes | None) -> Report:
    """The report, which says so in its figures where costs are not known."""
    return with_assumed_margin(report) if outcomes is not None and outcomes.margin_assumed else report


def refused(replay: ReplayResult) -> str | None:
    """Why the log cannot evaluate this policy; None: it can."""
    if replay.unseen > MOST_UNSEEN:
        return (
            f"{replay.unseen:.0%} of its decisions are of offers that this log has never seen given so:"
            " let them run for a share of customers first"
        )
    return refusal(replay.log)


def _row(name: str, replay: ReplayResult, none: ReplayResult) -> list[Any]:
    ess, why = effective_sample_size(replay.log), refused(replay)
    if why is not None:
        return [name, ess, *[None] * len(ESTIMATE_COLUMNS), why]
    value = [ips(replay.log).value, snips(replay.log).value, *dr(replay.log)]
    if replay is none:
        return [name, ess, *value, 0.0, 0.0, 0.0, "what the others are compared with"]
    gain = advantage(replay.log, none.log) if refusal(none.log) is None else None
    return [name, ess, *value, *(gain or [None] * 3), _verdict(gain)]


def _verdict(gain: Value | None) -> str:
    if gain is None:
        return "too few got no offer to compare with"
    if gain.low > 0:
        return f"earns {gain.value:.2f} more a decision than no offer"
    if gain.high < 0:
        return f"loses {-gain.value:.2f} a decision against no offer"
    return "not told apart from no offer yet"


def _figures(outcomes: DecisionOutcomes) -> list[Figure]:
    given = float((outcomes.responses.arm >= 0).mean())
    return [
        figure("decisions", float(len(outcomes.responses.arm))),
        figure("offers_given", given),
        figure("least_propensity", float(outcomes.propensity.min())),
        figure("margin_a_decision", float(outcomes.responses.margin.mean())),
    ]


def _policies(rows: list[list[Any]]) -> Table:
    columns = ["policy", "ess", *ESTIMATE_COLUMNS, "policy_verdict"]
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


def _mix(policies: Mapping[str, ReplayResult]) -> Iterator[Table]:
    new = {name: each for name, each in policies.items() if name.startswith("new: ")}
    arms = list(next(iter(new.values())).chances)
    rows = [
        [arm, policies["as it was decided"].chances[arm], each.chances[arm]]
        for each in new.values()
        for arm in arms
    ]
    text = "Budgets are taken as open; caps count what was really given."
    yield table("mix", "What would be given", ["offer", "served_share", "new_share"], rows, None, text)
