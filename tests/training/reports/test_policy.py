"""What offer policies earn, from a log whose true values can be computed."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from histories import archive, list_products, order

from features.history.archiver import DECISION_SCHEMA
from features.home import Home
from features.insights.html_page import as_html
from features.insights.report import MARGIN_ASSUMED, OF_DECISIONS, Report
from features.outgoing.offer_decisions import DecisionRecord
from recommender.offers.catalogue import Catalogue, Eligibility, Offer
from training.errors import BadDataset
from training.offers.candidates import read_catalogue
from training.offers.log import LOGGED_FEATURES
from training.offers.off_policy import effective_sample_size
from training.offers.replay import PolicyReplay
from training.reports.offers import offers_report
from training.reports.policy import finished_outcomes, policy_report

from factories import NOW

GIFT = Offer(id="gift", kind="gift", cost=1.0)
DAY = date(2026, 11, 23)


def decided(number: int, offer: str, chance: float = 0.5, **changes: Any) -> DecisionRecord:
    at: datetime = NOW - timedelta(days=40)
    fields: dict[str, Any] = {
        "decision_id": f"d-{number}",
        "decided_at": at,
        "expires_at": at + timedelta(days=14),
        "customer_id": f"c-{number}",
        "channel": "web",
        "offer_id": offer,
        "propensity": chance,
        "stage": "thin",
        "arms": ("gift", "none"),
        "chances": (chance, 1 - chance) if offer == "gift" else (1 - chance, chance),
        "worth": (0.1, 0.0),
        "features": LOGGED_FEATURES,
        "values": (*np.random.default_rng(number).random(len(LOGGED_FEATURES) - 2).tolist(), 1.0, 0.2),
        "basket": 10.0,
        "margin": 5.0,
        "cost": 1.0 if offer == "gift" else 0.0,
        "catalogue_revision": 1,
        "model_version": "v",
        "country": "DE" if number % 2 else "FR",
    }
    return DecisionRecord(**{**fields, **changes})


def log(home: Home, records: list[DecisionRecord], buyers: list[int], cost: float | None = 5.0) -> None:
    """A cup at 10, that costs 5, for each buyer 5 days after."""
    folder = home.decisions / "2026-10-14"
    folder.mkdir(parents=True)
    rows = [msgspec.structs.asdict(record) for record in records]
    pl.DataFrame(rows, schema=DECISION_SCHEMA).write_parquet(folder / "log.parquet")
    list_products(home, {"cup": "Cup"}, cost=[cost])
    bought = [order("cup", customer=f"c-{n}", days_ago=35.0) for n in buyers]
    archive(home, [*bought, order("cup", customer="last", days_ago=0.0)])


@pytest.fixture
def shop(home: Home) -> Home:
    """Of 600, half got the gift and all of these bought, for 4 each; of the others a third, for 5."""
    log(
        home,
        [decided(n, "gift" if n < 300 else "none") for n in range(600)],
        [n for n in range(600) if n < 300 or n % 3 == 0],
    )
    return home


def rows(report: Report, name: str = "policies") -> dict[str, dict[str, Any]]:
    table = next(each for each in report.parts[0].tables if each.name == name)
    names = [column.name for column in table.columns]
    return {str(row[0]): dict(zip(names, row, strict=True)) for row in table.rows}


def test_each_policy_is_judged_by_three_estimates(shop: Home) -> None:
    policies = rows(policy_report(finished_outcomes(shop), DAY, "EUR"))
    assert list(policies) == ["as it was decided", "gift for all who may", "no offer for anybody"]
    for name, value in (("as it was decided", 17 / 6), ("gift for all who may", 4.0)):
        assert [policies[name][each] for each in ("ips", "snips")] == pytest.approx([value] * 2)
        assert policies[name]["dr"] == pytest.approx(value, abs=0.1)
        assert policies[name]["dr_low"] <= policies[name]["dr"] <= policies[name]["dr_high"]
    assert policies["as it was decided"]["ess"] == 600
    assert policies["gift for all who may"]["ess"] == 300
    assert policies["gift for all who may"]["above_none"] == pytest.approx(4 - 5 / 3, abs=0.15)
    assert "earns" in str(policies["gift for all who may"]["policy_verdict"])


def test_a_catalogue_is_replayed_before_it_goes_live(shop: Home) -> None:
    """The gift for Germans alone: half of them 4.00, the others as without."""
    germans = msgspec.structs.replace(GIFT, eligible=Eligibility(countries=("DE",)))
    report = policy_report(finished_outcomes(shop), DAY, "EUR", {"germans": Catalogue(offers=(germans,))})
    policies = rows(report)["new: germans"]
    assert policies["dr"] == pytest.approx((4.0 + 5 / 3) / 2, abs=0.25)
    mix = rows(report, "mix")
    assert (mix["gift"]["served_share"], mix["gift"]["new_share"]) == (0.5, pytest.approx(0.4, abs=0.1))


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (Offer(id="gift", kind="gift", cost=1.2), "never seen"),  # the same name, another offer
        (Offer(id="new", kind="gift", cost=1.0), "never seen"),  # an arm without traffic
    ],
)
def test_what_was_never_given_cannot_be_judged(shop: Home, offer: Offer, why: str) -> None:
    policies = rows(policy_report(finished_outcomes(shop), DAY, "EUR", {"new": Catalogue(offers=(offer,))}))
    assert why in str(policies["new: new"]["policy_verdict"])
    assert policies["new: new"]["dr"] is None


def test_an_arm_with_hardly_any_traffic_is_refused_and_the_others_are_not(home: Home) -> None:
    records = [decided(n, "gift" if n < 20 else "none", 0.02 if n < 20 else 0.98) for n in range(1_000)]
    log(home, records, [n for n in range(1_000) if n % 5 == 0])
    outcomes = finished_outcomes(home)
    assert outcomes is not None
    assert effective_sample_size(PolicyReplay(outcomes).for_all("gift").log) == pytest.approx(20)
    policies = rows(policy_report(outcomes, DAY, "EUR"))
    assert "200 are needed" in str(policies["gift for all who may"]["policy_verdict"])
    assert policies["gift for all who may"]["snips"] is None
    assert policies["no offer for anybody"]["snips"] == pytest.approx(1.0, abs=0.05)


def test_the_offers_page_says_what_was_offered_taken_and_earned(shop: Home) -> None:
    report = offers_report(shop, finished_outcomes(shop), DAY, "EUR")
    figures = {each.name: each.value for each in report.parts[0].figures}
    assert (figures["decisions"], figures["offers_given"], figures["explored"]) == (600, 0.5, 0.0)
    low, high = figures["offers_earned_low"], figures["offers_earned_high"]
    assert low is not None
    assert high is not None
    assert low < 600 * (17 / 6 - 5 / 3) < high
    by_offer = rows(report, "by_offer")
    assert by_offer["gift"]["taken"] == 1.0
    assert by_offer["gift"]["given"] == 300.0
    assert by_offer["no offer"]["margin_a_decision"] == pytest.approx(5 / 3)


def test_before_there_is_anything_to_judge_it_says_so(home: Home) -> None:
    list_products(home, {"cup": "Cup"}, cost=[5.0])
    archive(home, [order("cup", customer="ann", days_ago=1.0)])
    assert finished_outcomes(home) is None
    assert "14 days old yet" in policy_report(None, DAY, "EUR").notes[0]
    assert "POST /v1/offers" in offers_report(home, None, DAY, "EUR").notes[0]


def test_a_wrong_catalogue_raises_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    for text, why in (("{", "no catalogue"), ('{"offers": [{"id": "a", "kind": "amount"}]}', "above 0")):
        path.write_text(text)
        with pytest.raises(BadDataset, match=why):
            read_catalogue(path)
    path.write_text('{"catalogue": {"offers": [{"id": "a", "kind": "gift", "cost": 1}]}, "revision": 3}')
    assert read_catalogue(path).offers[0].id == "a"


@pytest.mark.parametrize("cost", [5.0, None])
def test_every_figure_of_an_assumed_margin_says_so(home: Home, cost: float | None) -> None:
    records = [decided(n, "gift" if n < 300 else "none") for n in range(600)]
    log(home, records, [n for n in range(600) if n < 300 or n % 3 == 0], cost)
    outcomes, assumed = finished_outcomes(home), cost is None
    for report in (policy_report(outcomes, DAY, "EUR"), offers_report(home, outcomes, DAY, "EUR")):
        assert any(MARGIN_ASSUMED in note for note in report.notes) == assumed
        part = report.parts[0]
        told: list[Any] = [*part.figures, *(column for table in part.tables for column in table.columns)]
        marked = {each.name for each in told if each.margin_assumed}
        assert marked == ({each.name for each in told} & OF_DECISIONS if assumed else set())
        assert all((MARGIN_ASSUMED in each.definition) == (each.name in marked) for each in told)
        assert (MARGIN_ASSUMED in as_html(report)) == assumed
    assert {"margin_a_decision", "offers_earned"} & {each.name for each in told}
