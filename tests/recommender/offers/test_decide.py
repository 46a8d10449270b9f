"""Which offer is given, by what it brings, chance and limits.

Covers recommender/offers/eligibility.py, incremental_margin.py, propensities.py and reasons.py, too.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from recommender.arrays.hashing import uniform
from recommender.offers.catalogue import Budget, Catalogue, Eligibility, FrequencyCap, Offer
from recommender.offers.decide import BudgetPrice, arms_of, decide, draw_decision, score_offers
from recommender.offers.eligibility import Given, OfferContext, why_not
from recommender.offers.incremental_margin import N_WORLDS, EvidenceLevel, OfferModel
from recommender.offers.propensities import propensities, sample_arm

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TEN = Offer(id="ten", kind="percentage", value=10, budgets=("spring",))
POST = Offer(id="post", kind="free_shipping", cost=4.9)


def context(customer: str = "c-1", **changes: Any) -> OfferContext:
    defaults: dict[str, Any] = {"features": {"keen": 0.0}, "basket": 40.0, "margin": 20.0}
    return OfferContext(customer_id=customer, **{**defaults, **changes})


def model(ten: float, post: float, keen: float = 0.0, stage: EvidenceLevel = "personal") -> OfferModel:
    """What two offers bring a customer on average, how much more TEN brings to the keen, in worlds .1 apart.

    TEN and POST take 4.00 and 4.90 of an order that leaves 20.00; nobody orders anyway.
    """
    money = np.random.default_rng(0).normal(scale=0.1, size=(N_WORLDS, 2)) + np.array([ten, post])
    left = np.array([16.0, 15.1])
    worlds = np.zeros((N_WORLDS, 2, 2))
    worlds[:, :, 0] = money / left
    worlds[:, 0, 1] = keen / left[0]
    return OfferModel(
        features=("keen",),
        centre=np.zeros(1),
        scale=np.ones(1),
        arms=("ten", "post"),
        worlds=worlds,
        response=np.zeros(N_WORLDS),
        size=np.ones((N_WORLDS, 2)),
        used=np.ones(2),
        average=money,
        anyway=np.zeros(3),
        stage=stage,
    )


def shop(*offers: Offer, **changes: Any) -> Catalogue:
    return Catalogue(offers=offers or (TEN, POST), budgets=(Budget(id="spring", amount=100),), **changes)


def many(catalogue: Catalogue, believed: OfferModel, n: int = 2_000, **changes: Any) -> list[str]:
    return [decide(catalogue, believed, context(f"c-{i}", **changes), NOW).offer_id for i in range(n)]


def test_the_offer_that_brings_most_is_given_and_chance_keeps_its_share() -> None:
    given = many(shop(), model(ten=1.0, post=0.3))
    assert given.count("ten") / 2_000 == pytest.approx(0.95 + 0.05 / 3, abs=0.012)
    assert min(given.count("post"), given.count("none")) > 10
    first = decide(shop(), model(ten=1.0, post=0.3), context("c-3"), NOW)
    assert first.propensity == pytest.approx(0.95 + 0.05 / 3)
    assert first.expected_incremental_margin == pytest.approx(1.0, abs=0.05)
    assert first.low < 1 < first.high


def test_nobody_gets_a_discount_that_only_gives_margin_away() -> None:
    """Where that is almost sure, not even to learn from."""
    assert set(many(shop(), model(ten=-0.4, post=-0.4), 300)) == {"none"}
    none = decide(shop(), model(-0.4, -0.4), context(), NOW)
    assert (none.propensity, none.reason.code) == (1.0, "nothing_allowed")
    assert "take 4.00 with them" in none.reason.why_not["ten"]
    given = many(shop(), model(ten=-0.1, post=-0.1))
    assert given.count("none") / 2_000 == pytest.approx(0.95 + 0.05 / 3, abs=0.012)
    facts = (decide(shop(), model(-0.1, -0.1), context(f"c-{i}"), NOW) for i in range(9))
    reason = next(each.reason for each in facts if each.offer_id == "none")
    assert reason.code == "nothing_pays"
    assert "gives away" in reason.why_not["ten"]


def test_who_would_buy_anyway_gets_no_discount_unless_it_pays() -> None:
    """An offer that brings one more order of ten, of 16.00 each, takes 4.00 of those that come anyway."""
    lifts = dataclasses.replace(model(1.6, 1.6), anyway=np.array([0.0, 1.0, 0.0]))
    rarely, surely = (dict[str, Any](features={"keen": 0.0, "anyway": chance}) for chance in (0.1, 0.8))
    assert many(shop(TEN), lifts, 200, **rarely).count("ten") > 180
    assert set(many(shop(TEN), lifts, 200, **surely)) == {"none"}
    assert "anyway in 80% of" in decide(shop(TEN), lifts, context(**surely), NOW).reason.why_not["ten"]
    paying = dataclasses.replace(model(5.0, 5.0), anyway=np.array([0.0, 1.0, 0.0]))
    assert many(shop(TEN), paying, 200, **surely).count("ten") > 180
    gone = {"features": {"keen": 0.0, "anyway": 0.1, "stays": 0.0}}
    assert set(many(shop(TEN), lifts, 200, **gone)) == {"none"}


def test_a_personal_offer_needs_sure_evidence() -> None:
    """POST is best for all; TEN is for the keen alone."""
    believed = model(ten=0.2, post=0.5, keen=1.0)
    assert many(shop(), believed, 200, features={"keen": 1.0}).count("ten") > 180
    assert many(shop(), believed, 200, features={"keen": 0.3}).count("post") > 180  # equal on average
    assert many(shop(), model(0.2, 0.5, 1.0, "single"), 200, features={"keen": 1.0}).count("post") > 180


def test_while_data_is_thin_arms_are_drawn_as_often_as_they_are_best() -> None:
    worlds = np.array([[1.0, 0], [1, 0], [1, 0], [-1, 0]])
    explored = np.array([0.05, 0.05])
    assert propensities(worlds, worlds, "thin", explored) == pytest.approx(
        [0.9 * 0.75 + 0.05, 0.9 * 0.25 + 0.05]
    )
    assert [sample_arm(np.array([0.25, 0.75]), draw) for draw in (0.0, 0.2499, 0.25, 0.9999)] == [0, 0, 1, 1]


def test_an_offer_that_nobody_got_yet_is_tried() -> None:
    """Believed to bring 4 customers more of a hundred, as an offer of its cost usually does."""
    new = Offer(id="gift", kind="gift", cost=3.0)
    believed = dataclasses.replace(model(0.1, 0.1), response=OfferModel.untaught().response)
    assert many(shop(TEN, POST, new), believed).count("gift") > 100
    assert set(many(shop(new), OfferModel.untaught(), 300)) == {"gift", "none"}


def test_two_workers_and_one_customer_make_one_decision() -> None:
    one, other = (
        decide(shop(), model(0.3, 0.3, stage="thin"), context("c-7"), NOW + timedelta(seconds=s))
        for s in (0, 1)
    )
    assert (one.decision_id, one.offer_id, one.propensity) == (
        other.decision_id,
        other.offer_id,
        other.propensity,
    )
    tomorrow = decide(shop(), model(0.3, 0.3), context("c-7"), NOW + timedelta(days=1))
    assert tomorrow.decision_id != one.decision_id


def test_a_decision_is_the_answer_while_it_is_valid_whatever_the_clock_does() -> None:
    previous = decide(shop(), model(1.0, 0.0), context("c-3"), NOW)
    for hours, same in ((1, True), (-1, True), (24 * 14 - 1, True), (24 * 14, False), (-48, False)):
        at = NOW + timedelta(hours=hours)
        assert (decide(shop(), model(0.0, 1.0), context("c-3"), at, previous=previous) is previous) is same


def test_the_price_of_a_budget_turns_an_offer_away() -> None:
    given = many(shop(), model(ten=0.4, post=0.2), 300)
    priced = [
        decide(shop(), model(0.4, 0.2), context(f"c-{i}"), NOW, {"spring": BudgetPrice(1.0)}).offer_id
        for i in range(300)
    ]
    assert given.count("ten") > 250  # .4, and 4.00 is charged
    assert priced.count("post") > 250


@pytest.mark.parametrize("stage", ["thin", "single", "personal"])
@pytest.mark.parametrize("price", [0.0, 0.1, 0.5])
def test_reasons_say_what_the_figures_say(stage: EvidenceLevel, price: float) -> None:
    """Whatever is decided: no offer that another one beats is called the best, and none that brings more than
    it costs is said to bring nothing."""
    rng = np.random.default_rng(1)
    for number in range(150):
        ten, post = rng.normal(0.1, 0.4, size=2)
        asked = {"spring": BudgetPrice(price)}
        believed, who = model(ten, post, stage=stage), context(f"c-{number}")
        scored = score_offers(shop(), believed, who, NOW, asked)
        made = draw_decision(scored, who, NOW)
        ids, gains = [*(offer.id for offer in scored.arms.offers), "none"], scored.incremental_margin.mean(0)
        net = dict(zip(ids, gains - scored.charges, strict=True))
        brings, text, code = dict(zip(ids, gains, strict=True)), made.reason.text, made.reason.code
        assert made.expected_incremental_margin == pytest.approx(brings[made.offer_id])
        if "more than any other" in text:
            assert net[made.offer_id] == max(net.values())
        if code == "pays":
            assert net[made.offer_id] >= 0
            assert f"{brings[made.offer_id]:.2f}"[:3] in text
        if code == "budget_short":
            assert net["ten"] <= 0 < brings["ten"]
        if "bring most" in text:
            assert max(gains) <= 0
        for offer, why in made.reason.why_not.items():
            if "no more than it gives away" in why:
                assert brings[offer] <= 0


def test_of_content_the_most_interesting_is_left() -> None:
    books = [Offer(id=name, kind="content") for name in ("pots", "tins")]
    known = context(interests={"pots": 0.2, "tins": 0.7})
    arms = arms_of(shop(TEN, *books), known, NOW)
    assert [offer.id for offer in arms.offers] == ["ten", "tins"]
    assert "`tins` is nearer" in arms.refused["pots"]
    assert len(arms_of(shop(TEN, *books), context(), NOW).offers) == 3  # nothing is known of them


@pytest.mark.parametrize(
    ("eligible", "facts", "why"),
    [
        (Eligibility(countries=("DE",)), {"country": "FR"}, "country FR"),
        (Eligibility(tiers=("gold",)), {}, "tier that nobody knows"),
        (Eligibility(minimum_cart=50), {"cart": 49.99}, "less than 50.00"),
        (Eligibility(first_order=True), {}, "first order"),
        (Eligibility(), {"consent": False}, "consent"),
        (Eligibility(), {"spent": {"spring": 97.0}}, "budget spring is spent"),
        (Eligibility(), {"margin": 3.0}, "minimum margin"),
        (Eligibility(channels=("email",)), {"channel": "email"}, None),
    ],
)
def test_who_may_not_get_an_offer_is_told_why(
    eligible: Eligibility, facts: dict[str, Any], why: str | None
) -> None:
    offer = msgspec.structs.replace(TEN, eligible=eligible)
    reason = why_not(offer, shop(offer), context(**facts), NOW)
    assert reason is None if why is None else why in str(reason)


def test_caps_count_the_offer_and_contacts_count_all() -> None:
    capped = msgspec.structs.replace(TEN, cap=FrequencyCap(times=1, days=30))
    had = (Given("ten", NOW - timedelta(days=29)),)
    assert "1 times in 30 days" in str(why_not(capped, shop(capped), context(given=had), NOW))
    assert why_not(capped, shop(capped), context(given=had), NOW + timedelta(days=2)) is None
    assert (
        why_not(capped, shop(capped), context(given=had), NOW - timedelta(days=60)) is not None
    )  # the clock jumped
    once, wrote = FrequencyCap(times=1, days=30), (NOW - timedelta(days=3),)
    for reached in ({"given": had}, {"messages": wrote}):  # of triggers, too
        barred = decide(shop(contacts=once), model(1.0, 1.0), context(**reached), NOW)
        assert barred.offer_id == "none"
    assert (barred.offer_id, barred.propensity, barred.reason.code) == ("none", 1.0, "nothing_allowed")


def test_draws_are_even_and_do_not_depend_on_each_other() -> None:
    drawn = np.array([[uniform("a", str(i)), uniform("b", str(i))] for i in range(4_000)])
    assert np.histogram(drawn[:, 0], 10, (0, 1))[0] == pytest.approx(np.full(10, 400), abs=80)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.05
