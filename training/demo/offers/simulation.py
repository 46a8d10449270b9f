"""The demo shop goes on: its customers are asked about, answered as in serving, and learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.offers.catalogue import NO_OFFER, Catalogue, Offer
from recommender.offers.decide import decide, score_offers
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OFFER_FEATURES, OfferModel
from training.demo.offers.customers import (
    ARMS,
    Insight,
    Seen,
    Truth,
    goods_of,
    read_now,
    read_orders,
    read_truth,
    seen_at,
)
from training.demo.offers.response import Response, remember, taken
from training.demo.shop.lives import POSTAGE_PRICE
from training.demo.shop.offers import VALID_DAYS
from training.offers.learn import Responses, learn

Numbers = NDArray[np.float64]
CATALOGUE = Catalogue(
    offers=(
        Offer(id="percent_10", kind="percentage", value=10, name="10 % off"),
        Offer(id="free_shipping", kind="free_shipping", cost=POSTAGE_PRICE, name="free shipping"),
        Offer(id="amount_5", kind="amount", value=5, name="5 EUR off"),
    )
)
NONE = len(ARMS)


@dataclass(frozen=True)
class DemoShop:
    """Its folder as it was written, read back."""

    folder: Path

    @cached_property
    def now(self) -> datetime:
        return read_now(self.folder)

    @cached_property
    def orders(self) -> pl.DataFrame:
        return read_orders(self.folder, self.now)

    @cached_property
    def people(self) -> tuple[list[str], Truth]:
        return read_truth(self.folder, self.now)

    @cached_property
    def response(self) -> Response:
        margin, goods = (self.orders[name].to_numpy().sum() for name in ("margin", "goods"))
        customers, truth = self.people
        worth = goods_of(truth.basket, customers, self.orders)
        return Response(truth._replace(basket=worth), float(margin / goods))

    @cached_property
    def seen(self) -> Seen:
        """At the history's end."""
        return seen_at(self.orders, self.people[0], 0.0)

    @cached_property
    def insight(self) -> Insight:
        return Insight.of(self.seen, 0.0)

    @cached_property
    def log(self) -> Responses:
        """The campaigns of offers.csv, each customer as the shop saw them on that day."""
        customers, _ = self.people
        row = {customer: place for place, customer in enumerate(customers)}
        parts = []
        table = pl.read_csv(self.folder / "offers.csv")
        for (at,), given in table.group_by("timestamp", maintain_order=True):
            day = (datetime.fromisoformat(str(at)) - self.now) / timedelta(days=1)
            who = np.array([row[customer] for customer in given["customer_id"]])
            arm = np.array([ARMS.index(offer) if offer != NO_OFFER else -1 for offer in given["offer"]])
            asked = self.questions(seen_at(self.orders, customers, day), day).of(who)
            names = "ordered_within_14d", "redeemed", "margin"
            ordered, used, margin = (given[name].cast(pl.Float64).to_numpy() for name in names)
            paid = used * taken(arm, self._goods(given["customer_id"], day))
            parts.append(responses(asked, arm, ordered, paid, margin))
        return Responses(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _goods(self, customers: pl.Series, day: float) -> Numbers:
        """(n) worth of each one's first order within an offer's days; 0: none."""
        within = self.orders.filter(pl.col("day") > day, pl.col("day") <= day + VALID_DAYS)
        first = within.group_by("customer_id").agg(pl.col("goods").sort_by("day").first())
        found = pl.DataFrame({"customer_id": customers}).join(
            first, "customer_id", "left", maintain_order="left"
        )
        return found["goods"].fill_null(0.0).to_numpy()

    def questions(self, seen: Seen, day: float) -> Questions:
        """Everybody, as the decision is told of them on a day."""
        basket = self.insight.basket(seen)
        return Questions(self.insight.told(seen, day), basket, basket * self.response.margin_share)

    def asked(self, who: int, questions: Questions) -> OfferContext:
        """A customer as the decision sees them."""
        return OfferContext(
            customer_id=self.people[0][who],
            features={name: float(values[who]) for name, values in questions.told.items()},
            basket=float(questions.basket[who]),
            margin=float(questions.margin[who]),
        )


class Questions(NamedTuple):
    """told: name -> (n), what the offer model is told; basket, margin: (n), of the order to expect."""

    told: dict[str, Numbers]
    basket: Numbers
    margin: Numbers

    def of(self, who: NDArray[np.int64]) -> Questions:
        told = {name: values[who] for name, values in self.told.items()}
        return Questions(told, self.basket[who], self.margin[who])

    @property
    def features(self) -> Numbers:
        """(n, k) all that is told."""
        return np.stack(list(self.told.values()), axis=1)


def responses(
    asked: Questions, arm: NDArray[np.int64], ordered: Numbers, paid: Numbers, margin: Numbers
) -> Responses:
    """arm: (n), -1 for none."""
    told = asked.told
    taken = [np.array([offer.costs(basket) for basket in asked.basket]) for offer in CATALOGUE.offers]
    cost = np.where(arm < 0, 0.0, np.choose(np.maximum(arm, 0), taken))
    features = np.stack([told[name] for name in OFFER_FEATURES], axis=1)
    return Responses(
        features, arm, told["stays"], told["anyway"], asked.basket, asked.margin, cost, ordered, paid, margin
    )


@dataclass(frozen=True)
class Campaigns:
    """What came out. picked: (decisions) true expected margin of each decision taken; model: what was
    learned in the end; seen, day: the customers as they stand then."""

    picked: Numbers
    model: OfferModel
    seen: Seen
    day: float


def run(shop: DemoShop, decisions: int, *, warm: bool, seed: int, report: Report = silent) -> Campaigns:
    """Every fortnight each customer is asked about once, and what came of it is learned before the next.

    warm: the shop's own log of past campaigns is learned first, else nothing is known at the start.
    """
    rng, seen, picked = np.random.default_rng(seed), Seen(*map(np.copy, shop.seen)), np.empty(0)
    known = shop.log if warm else None
    model = OfferModel.untaught(OFFER_FEATURES) if known is None else learn(known, ARMS, OFFER_FEATURES, rng)
    day = 0.0
    while len(picked) < decisions:
        report("Deciding", len(picked), decisions)
        who = rng.permutation(len(seen.orders))[: decisions - len(picked)]
        asked = shop.questions(seen, day)
        arm = decided(shop, model, asked, who, day)
        outcome = shop.response.draw(who, arm, day, rng)
        picked = np.concatenate([picked, shop.response.incremental(day)[who, arm]])
        told = responses(asked.of(who), arm, outcome.ordered, outcome.paid, outcome.margin)
        known = told if known is None else known.then(told)
        remember(seen, who, outcome, day)
        model, day = learn(known, ARMS, OFFER_FEATURES, rng), day + VALID_DAYS
    return Campaigns(picked, model, seen, day)


def decided(
    shop: DemoShop, model: OfferModel, asked: Questions, who: NDArray[np.int64], day: float
) -> NDArray[np.int64]:
    """(m) the arm that serving's `decide` gives each; -1 for none."""
    now = _at(shop, day)
    names = [decide(CATALOGUE, model, shop.asked(int(i), asked), now).offer_id for i in who]
    return np.array([ARMS.index(name) if name != NO_OFFER else -1 for name in names], np.int64)


def chances(shop: DemoShop, model: OfferModel, seen: Seen, day: float) -> Numbers:
    """(n, 4) how likely each customer gets each arm, the last being none."""
    now, asked = _at(shop, day), shop.questions(seen, day)
    found = np.zeros((len(seen.orders), NONE + 1))
    for i in range(len(found)):
        scored = score_offers(CATALOGUE, model, shop.asked(i, asked), now)
        places = [*(ARMS.index(offer.id) for offer in scored.arms.offers), NONE]
        found[i, places] = scored.chances
    return found


def _at(shop: DemoShop, day: float) -> datetime:
    return shop.now.astimezone(UTC) + timedelta(days=day)
