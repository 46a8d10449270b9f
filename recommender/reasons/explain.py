"""Why a product is shown: one sentence, and the figures by themselves.

The sentence is to sell, honestly: a figure is in it only where it speaks for the product.
"""

# ruff: noqa: ARG001 - one signature for every reason

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Situation
from recommender.model.bundle import Tables
from recommender.reasons.language import EPOCH, Language, language_of, number
from recommender.reasons.refill_due import REFILL_PLACEMENTS, RefillDue, refill_due
from recommender.sources.upgrades import (
    BETTER_GRADE,
    BETTER_RATED,
    BOUGHT_AGAIN,
    LARGER,
    OTHER_MATERIAL,
)

CACHED = 5_000
BETTER_BY_TRAIT = {LARGER: "size", OTHER_MATERIAL: "material", BETTER_GRADE: "grade", BETTER_RATED: "rating"}
MIN_SHARE, MIN_OF_BUYERS = 0.2, 10  # from which "16 of 40 buyers" is said
MIN_TOGETHER = 20  # from which "37 buyers" is said, of however many
MIN_POPULAR, MIN_TREND = 10, 5  # buyers and orders that are worth telling
TREND_FRESH_DAYS = 3  # for so long after the last order, a trend is "in the last 14 days"


class PickReason(msgspec.Struct, frozen=True):
    """A `code` from a closed list, a sentence for the shopper, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


_encode = msgspec.json.Encoder().encode
reason_of = msgspec.json.Decoder(PickReason).decode


def reason_json(code: str, text: str, **evidence: Any) -> str:
    """A reason as JSON, as answers take it. The most frequent ones are formatted by hand below."""
    return _encode(PickReason(code, text, evidence)).decode()


@lru_cache
def pinned(tag: str) -> str:
    """The reason of a product that a rule puts where it is. tag: of the language."""
    return reason_json("pinned", language_of(tag).texts.pinned)


def given(tag: str) -> str:
    """The reason of a product that stands where the request's own list has it. tag: of the language."""
    return reason_json("given", language_of(tag).texts.given)


def _language(situation: Situation) -> Language:
    return language_of(situation.request.language)


def _bought_together(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if anchor == NO_ROW:
        return _repeat(situation, item, anchor, figure)
    bundle, language = situation.bundle, _language(situation)
    title, counts = bundle.tables.short_title_json(anchor), bundle.tables.product.buyers
    buyers, others = counts.item(anchor), counts.item(item)
    if figure == 0 or others == 0:  # nobody bought it: it stands in for another size of it
        text = language.texts.goes_with.format(title=title)
        return f'{{"code":"goes_with","text":"{text}","evidence":{{}}}}'
    lift = figure * bundle.manifest.buyers / (buyers * others)
    return (
        f'{{"code":"bought_together","text":"{_together_text(language, title, figure, buyers)}",'
        f'"evidence":{{"together":{figure},"buyers":{buyers},"lift":{lift:.2f}}}}}'
    )


def _together_text(language: Language, title: str, together: int, buyers: int) -> str:
    texts, tag = language.texts, language.tag
    if together >= max(MIN_SHARE * buyers, MIN_OF_BUYERS):
        both = {"together": number(tag, together), "buyers": number(tag, buyers)}
        return texts.together_of.format(title=title, **both)
    if together >= MIN_TOGETHER:
        return language.counted(texts.together, together, title=title)
    return texts.goes_with.format(title=title)


def _similar(situation: Situation, item: int, anchor: int, figure: int) -> str:
    text = _language(situation).texts.similar.format(title=_title(situation, anchor))
    return reason_json("similar", text, buyers_of_both=figure)


def _upgrade(situation: Situation, item: int, anchor: int, figure: int) -> str:
    """Says what is better, as far as both products tell it (figure: codes of `sources.upgrades`)."""
    tables, language = situation.bundle.tables, _language(situation)
    product = tables.product
    (price, said), (before, said_before) = (_price(tables, row, language) for row in (item, anchor))
    text = language.texts.upgrade.format(title=_title(situation, anchor), price=said, before=said_before)
    better = _better_traits(situation, item, anchor, figure)
    evidence: dict[str, Any] = {"price": price, "instead_of": before, "better": better}
    for name, (was, now) in better.items():
        if name == "rating":
            stars = {"before": number(language.tag, was), "better": number(language.tag, now)}
            text = language.texts.upgrade_rating.format(upgrade=text, **stars)
        else:
            text = language.texts.upgrade_trait.format(upgrade=text, before=was, better=now)
    if figure & BOUGHT_AGAIN:
        again, again_before = (product.repeat_rate.item(row) for row in (item, anchor))
        evidence |= {"bought_again": round(again, 2), "bought_again_before": round(again_before, 2)}
        shares = {"again": language.percent(again), "again_before": language.percent(again_before)}
        text = language.texts.upgrade_again.format(upgrade=text, **shares)
    return reason_json("upgrade", text, **evidence)


def _price(tables: Tables, item: int, language: Language) -> tuple[float, str]:
    """As the product's card has it, and in words."""
    card = msgspec.json.decode(b"{%b}" % tables.cards[item])
    price = round(card.get("price") or tables.product.price.item(item), 2)
    return price, language.price(price, card.get("currency"))


def _better_traits(situation: Situation, item: int, anchor: int, figure: int) -> dict[str, list[Any]]:
    """Trait -> [what the anchor has, what the item has], of those that are better and that both tell."""
    traits = situation.bundle.tables.traits
    better, own = (msgspec.json.decode(traits[row]) for row in (item, anchor))
    named = [name for code, name in BETTER_BY_TRAIT.items() if figure & code]
    return {name: [own[name], better[name]] for name in named if name in own and name in better}


def _browsing(situation: Situation, item: int, anchor: int, figure: int) -> str:
    texts = _language(situation).texts
    if anchor == item:
        return f'{{"code":"viewed","text":"{texts.viewed}","evidence":{{}}}}'
    text = texts.viewed_with.format(title=situation.bundle.tables.short_title_json(anchor))
    return f'{{"code":"viewed","text":"{text}","evidence":{{"together":{figure}}}}}'


def _for_you(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return _for_you_json(situation.request.language, figure)


@lru_cache(CACHED)
def _for_you_json(tag: str, products: int) -> str:
    return reason_json("for_you", language_of(tag).texts.for_you, products=products)


def _repeat(situation: Situation, item: int, anchor: int, figure: int) -> str:
    day = situation.last_bought.get(item)
    if day is None:  # it stands in for another size of it, which was bought and is out of stock
        return _for_you(situation, item, anchor, len(situation.last_bought))
    if situation.request.placement in REFILL_PLACEMENTS:
        refill = refill_due(situation, item)
        if refill is not None:
            return _refill(situation, figure, day, refill)
    return _buy_again(situation.request.language, figure, day, situation.today)


@lru_cache(CACHED)
def _buy_again(tag: str, orders: int, day: int, today: int) -> str:
    language = language_of(tag)
    text = language.counted(language.texts.buy_again, orders, date=language.date(day, today))
    return reason_json("buy_again", text, orders=orders, last_bought=_iso_date(day))


def _refill(situation: Situation, orders: int, last: int, refill: RefillDue) -> str:
    language = _language(situation)
    texts = language.texts
    forms = texts.runs_out if refill.day >= situation.today else texts.ran_out
    return reason_json(
        "runs_out",
        language.counted(forms, orders, date=language.date(refill.day, situation.today)),
        orders=orders,
        last_bought=_iso_date(last),
        expected_on=_iso_date(refill.day),
        earliest=_iso_date(refill.earliest),
        latest=_iso_date(refill.latest),
    )


def _next_basket(situation: Situation, item: int, anchor: int, figure: int) -> str:
    if figure:
        return _repeat(situation, item, anchor, figure)
    return f'{{"code":"next_basket","text":"{_language(situation).texts.next_basket}","evidence":{{}}}}'


def _popular(situation: Situation, item: int, anchor: int, figure: int) -> str:
    return _popular_json(situation.request.language, figure)


@lru_cache(CACHED)
def _popular_json(tag: str, buyers: int) -> str:
    language = language_of(tag)
    texts = language.texts
    text = language.counted(texts.popular, buyers) if buyers >= MIN_POPULAR else texts.worth_a_look
    return reason_json("popular", text, buyers=buyers)


def _trending(situation: Situation, item: int, anchor: int, figure: int) -> str:
    until = (datetime.fromisoformat(situation.bundle.manifest.last_order) - EPOCH).days
    return _trending_json(situation.request.language, figure, until, situation.today)


@lru_cache(CACHED)
def _trending_json(tag: str, orders: int, until: int, today: int) -> str:
    language, is_fresh = language_of(tag), today - until < TREND_FRESH_DAYS
    texts = language.texts
    if orders < MIN_TREND:
        text = texts.trending_lately if is_fresh else texts.worth_a_look
    elif is_fresh:
        text = language.counted(texts.trending, orders)
    else:
        text = language.counted(texts.trending_until, orders, date=language.date(until, today))
    return reason_json("trending", text, orders_14d=orders)


def _new(situation: Situation, item: int, anchor: int, figure: int) -> str:
    language = _language(situation)
    text = language.texts.new.format(date=language.date(figure, situation.today))
    return reason_json("new", text, since=_iso_date(figure))


def _title(situation: Situation, item: int) -> str:
    return situation.bundle.tables.short_title(item)


@lru_cache(CACHED)
def _iso_date(day: int) -> str:
    return f"{EPOCH + timedelta(days=day):%Y-%m-%d}"


# Source -> its reason for an item, from the situation, the item, its anchor product (or NO_ANCHOR), and the
# source's count.
REASONS: dict[str, Callable[[Situation, int, int, int], str]] = {
    "co_purchase": _bought_together,
    "similar": _similar,
    "upgrade": _upgrade,
    "browsing": _browsing,
    "als": _for_you,
    "discover": _for_you,
    "repeat": _repeat,
    "next_basket": _next_basket,
    "popular": _popular,
    "trending": _trending,
    "new": _new,
}
OF_PRODUCTS = frozenset({"co_purchase", "similar", "upgrade", "browsing"})
"""Sources whose reasons depend on item and anchor alone, not on the customer."""
