"""What shoppers read: in their language, and figures only where they speak for the product."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from recommender.context.request import Placement, Request
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.reasons.language import LANGUAGES, Language, language_of
from recommender.recommend import Pick, Recommender

from bundles import NOW, item, small_bundle

BUNDLE = small_bundle()


def shop(bundle: Bundle = BUNDLE) -> Recommender:
    return Recommender(bundle, Availability.of(bundle.tables))


def ask(placement: Placement, recommender: Recommender, **fields: Any) -> list[Pick]:
    return recommender.recommend(Request(placement, NOW.timestamp(), **fields), 5)


def with_buyers(share: float) -> Bundle:
    """The kettle's 16 co-buyers are this share of its buyers."""
    product = BUNDLE.tables.product
    buyers = product.buyers.copy()
    buyers[item("kettle")] = round(16 / share)
    return replace(BUNDLE, tables=replace(BUNDLE.tables, product=replace(product, buyers=buyers)))


def test_a_weak_share_is_not_said_and_stays_in_the_evidence() -> None:
    weak = ask("product_complements", shop(with_buyers(0.02)), product_id="kettle")[0].reason
    assert weak.text == "Goes well with Kettle"
    assert (weak.evidence["together"], weak.evidence["buyers"]) == (16, 800)


def test_one_shop_answers_in_several_languages() -> None:
    recommender = shop()
    texts = [
        ask("product_complements", recommender, product_id="kettle", language=tag)[0].reason.text
        for tag in ("en", "de", "en", "pl")
    ]
    assert texts[0] == texts[2] == "16 of 40 buyers of Kettle also bought this"
    assert texts[1] == "16 von 40 Käufern von Kettle haben auch das gekauft"
    assert texts[3] == "Kupujący Kettle, którzy kupili też ten produkt: 16 z 40"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_reason_is_filled_in(tag: str) -> None:
    recommender, english = shop(), language_of("en")
    for placement in get_args(Placement):
        who = {"customer_id": "ann", "product_id": "mug", "cart": ("kettle",)}
        for pick in ask(placement, recommender, language=tag, **who):
            assert not {"{", "}"} & set(pick.reason.text), pick
            if tag != "en":
                assert pick.reason.text not in _fixed(english)


def _fixed(language: Language) -> set[str]:
    texts = language.texts
    return {texts.for_you, texts.next_basket, texts.viewed, texts.worth_a_look, texts.trending_lately}


@pytest.mark.parametrize(("buyers", "text"), [(9, "Einen Blick wert"), (1_200, "1.200 Käufer")])
def test_few_buyers_are_not_told(buyers: int, text: str) -> None:
    popular = BUNDLE.tables.popular
    counts = np.full_like(popular.counts, buyers)
    bundle = replace(BUNDLE, tables=replace(BUNDLE.tables, popular=replace(popular, counts=counts)))
    reason = next(
        each for each in ask("home", shop(bundle), language="de") if each.source == "popular"
    ).reason
    assert (reason.text, reason.evidence) == (text, {"buyers": buyers})
