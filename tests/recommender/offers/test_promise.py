"""An offer as it is promised: how long it holds, and what it reserves of budgets."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from recommender.offers.catalogue import Budget, Catalogue, Eligibility, Offer
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OfferModel
from recommender.offers.promise import (
    OfferChoice,
    Promise,
    cart_class,
    charges,
    choose_offer,
    standing_promise,
    valid_promise,
)

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
TEN = Offer(id="ten", kind="percentage", value=10, budgets=("spring",), valid_days=3)
BUDGETS = (Budget(id="spring", amount=100), Budget(id="autumn", amount=50))
CATALOGUE = Catalogue(offers=(TEN,), budgets=BUDGETS, exploration=1)
CONTEXT = OfferContext(customer_id="c-1", features={}, basket=40.0, margin=20.0)


def chosen(offer: Offer | None) -> OfferChoice:
    """A choice of this offer, or of none, whichever the day's chance gives."""
    days = (NOW + timedelta(days=day) for day in range(100))
    model = OfferModel.untaught()
    choices = (choose_offer(CATALOGUE, model, CONTEXT, day, "") for day in days)
    return next(choice for choice in choices if choice.offer == offer)


def promise_of(choice: OfferChoice, revision: int = 5) -> bytes:
    return msgspec.json.encode(Promise(choice.decision, choice.offer, (), revision))


def test_the_offer_that_is_promised_is_the_one_decided() -> None:
    choice = chosen(TEN)
    assert choice.decision.offer_id == "ten"
    assert choice.decision.expires_at == choice.decision.decided_at + timedelta(days=3)


def test_an_offer_is_kept_until_it_expires_whatever_the_catalogue_says() -> None:
    choice = chosen(TEN)
    began, packed = choice.decision.decided_at, promise_of(choice)
    for days, revision, valid in ((0, 5, True), (2.9, 9, True), (3, 5, False), (-2, 5, False)):
        promise = valid_promise(packed, revision, began + timedelta(days=days))
        assert (promise is not None) == valid
    assert valid_promise(packed, 5, began) == Promise(choice.decision, TEN, (), 5)


def test_no_offer_is_kept_for_the_day_and_until_the_catalogue_changes() -> None:
    choice = chosen(None)
    began, packed = choice.decision.decided_at, promise_of(choice)
    assert valid_promise(packed, 5, began + timedelta(hours=13)) is not None
    assert valid_promise(packed, 6, began) is None
    assert valid_promise(packed, 5, began + timedelta(hours=14)) is None


def test_a_decision_answers_its_own_question_and_an_offer_those_that_it_fits() -> None:
    """An offer of web's filled carts; none for empty ones and by e-mail."""
    ten, none = chosen(TEN), chosen(None)
    needy = msgspec.structs.replace(TEN, eligible=Eligibility(minimum_cart=30))
    began = max(ten.decision.decided_at, none.decision.decided_at)
    decided = msgspec.structs.replace(none.decision, decided_at=began, expires_at=began + timedelta(days=1))
    offered = msgspec.structs.replace(ten.decision, decided_at=began, expires_at=began + timedelta(days=3))
    nothing = msgspec.json.encode(Promise(decided, None, (), 5))
    for offer, answers in ((TEN, (TEN, TEN, TEN, None)), (needy, (None, "decide", needy, None))):
        promise = msgspec.json.encode(Promise(offered, offer, (), 5))
        kept = {"web 30": promise, "web empty": nothing, "email empty": nothing}
        questions = ("web", "empty", 0.0), ("web", "0", 9.0), ("web", "30", 40.0), ("email", "empty", 0.0)
        for (channel, carts, cart), expected in zip(questions, answers, strict=True):
            found = standing_promise(kept, channel, carts, cart, 5, began)
            assert (found.offer if found else "decide") == expected
    shop = Catalogue(offers=(TEN, needy))
    classes = [cart_class(shop, cart) for cart in (0.0, 0.5, 9.0, 29.99, 30.0, 31.0, 33.0, 99.0)]
    assert classes == ["empty", "0.5", "8", "16", "30", "30", "32", "64"]


@pytest.mark.parametrize("packed", [b"", b"null", b"{", b'{"decision": {}}', b"\xff"])
def test_what_another_version_wrote_is_decided_again(packed: bytes) -> None:
    assert valid_promise(packed, 5, NOW) is None


def test_a_promise_reserves_its_cost_of_its_own_budgets() -> None:
    assert charges(chosen(TEN), CATALOGUE) == [("spring", 100, 4.0)]
    assert charges(chosen(None), CATALOGUE) == []
