"""The demo shop continued: offers decided as in serving, simulated responses, and learning from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from features.progress import Report, silent
from recommender.arrays.dtypes import Float64s, Int64s
from recommender.offers.catalogue import NO_OFFER, Catalogue, Offer
from recommender.offers.decide import decide, score_offers
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OFFER_FEATURES, OfferModel
from training.demo.offers.customers import (
    ARMS,
    OrderModels,
    SimulatedTotals,
    Truth,
    expected_goods,
    read_demo_orders,
    read_now,
    read_truth,
    totals_before,
)
from training.demo.offers.response import Response, add_orders, offer_cost
from training.demo.shop.customer_histories import POSTAGE_PRICE
from training.demo.shop.offers import VALID_DAYS
from training.offers.learn import Responses, learn_offers

CATALOGUE = Catalogue(
    offers=(
        Offer(id="percent_10", kind="percentage", value=10, name="10 % off"),
        Offer(id="free_shipping", kind="free_shipping", cost=POSTAGE_PRICE, name="free shipping"),
        Offer(id="amount_5", kind="amount", value=5, name="5 EUR off"),
    )
)
NO_OFFER_COLUMN = len(ARMS)


@dataclass(frozen=True)
class DemoShop:
    """A generated shop, read from its folder."""

    folder: Path

    @cached_property
    def now(self) -> datetime:
        return read_now(self.folder)

    @cached_property
    def orders(self) -> pl.DataFrame:
        return read_demo_orders(self.folder, self.now)

    @cached_property
    def truth(self) -> Truth:
        return read_truth(self.folder, self.now)

    @cached_property
    def response(self) -> Response:
        margin, goods = (self.orders[name].to_numpy().sum() for name in ("margin", "goods"))
        basket = expected_goods(self.truth, self.orders)
        return Response(self.truth._replace(basket=basket), float(margin / goods))

    @cached_property
    def totals(self) -> SimulatedTotals:
        """At the history's end."""
        return totals_before(self.orders, self.truth.customer_ids, 0.0)

    @cached_property
    def order_models(self) -> OrderModels:
        return OrderModels.of(self.totals, 0.0)

    @cached_property
    def log(self) -> Responses:
        """The campaigns of offers.csv, with each customer's features of that day."""
        customers = self.truth.customer_ids
        rows = {customer: row for row, customer in enumerate(customers)}
        parts = []
        table = pl.read_csv(self.folder / "offers.csv")
        for (at,), given in table.group_by("timestamp", maintain_order=True):
            day = (datetime.fromisoformat(str(at)) - self.now) / timedelta(days=1)
            who = np.array([rows[customer] for customer in given["customer_id"]])
            arm = np.array([ARMS.index(offer) if offer != NO_OFFER else -1 for offer in given["offer"]])
            contexts = self.contexts(totals_before(self.orders, customers, day), day).of(who)
            names = "ordered_within_14d", "redeemed", "margin"
            ordered, used, margin = (given[name].cast(pl.Float64).to_numpy() for name in names)
            paid = used * offer_cost(arm, self._goods(given["customer_id"], day))
            parts.append(responses(contexts, arm, ordered, paid, margin))
        return Responses(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _goods(self, customers: pl.Series, day: float) -> Float64s:
        """(n) value of each customer's first order within an offer's days; 0 without one."""
        within = self.orders.filter(pl.col("day") > day, pl.col("day") <= day + VALID_DAYS)
        first = within.group_by("customer_id").agg(pl.col("goods").sort_by("day").first())
        table = pl.DataFrame({"customer_id": customers}).join(
            first, "customer_id", "left", maintain_order="left"
        )
        return table["goods"].fill_null(0.0).to_numpy()

    def contexts(self, totals: SimulatedTotals, day: float) -> OfferContexts:
        """The contexts of all customers on a day."""
        basket = self.order_models.basket(totals)
        return OfferContexts(
            self.order_models.features(totals, day), basket, basket * self.response.margin_share
        )

    def context_of(self, who: int, contexts: OfferContexts) -> OfferContext:
        """The offer context of one customer. who: their row."""
        return OfferContext(
            customer_id=self.truth.customer_ids[who],
            features={name: float(values[who]) for name, values in contexts.by_name.items()},
            basket=float(contexts.basket[who]),
            margin=float(contexts.margin[who]),
        )


class OfferContexts(NamedTuple):
    """Offer contexts as columns. by_name: features and chances by name, (n) each; basket, margin: (n), of the
    order to expect."""

    by_name: dict[str, Float64s]
    basket: Float64s
    margin: Float64s

    def of(self, who: Int64s) -> OfferContexts:
        by_name = {name: values[who] for name, values in self.by_name.items()}
        return OfferContexts(by_name, self.basket[who], self.margin[who])

    @property
    def features(self) -> Float64s:
        """(n, k) features and chances, in the order of `by_name`."""
        return np.stack(list(self.by_name.values()), axis=1)


def responses(
    contexts: OfferContexts, arm: Int64s, ordered: Float64s, paid: Float64s, margin: Float64s
) -> Responses:
    """The outcomes as input of `learn_offers`. arm: (n), -1 for none."""
    by_name = contexts.by_name
    costs = [np.array([offer.costs(basket) for basket in contexts.basket]) for offer in CATALOGUE.offers]
    cost = np.where(arm < 0, 0.0, np.choose(np.maximum(arm, 0), costs))
    features = np.stack([by_name[name] for name in OFFER_FEATURES], axis=1)
    return Responses(
        features,
        arm,
        by_name["stays"],
        by_name["anyway"],
        contexts.basket,
        contexts.margin,
        cost,
        ordered,
        paid,
        margin,
    )


@dataclass(frozen=True)
class Campaigns:
    """Results of a simulation. picked: (decisions) true incremental margin of each decision; model: the last
    one learned; totals, day: of the customers at the end."""

    picked: Float64s
    model: OfferModel
    totals: SimulatedTotals
    day: float


def run(shop: DemoShop, decisions: int, *, warm: bool, seed: int, report: Report = silent) -> Campaigns:
    """Every fortnight, decide once for each customer and learn from the outcomes.

    warm: begin with a model of the log of past campaigns, else with an untaught one.
    """
    rng, totals, picked = (
        np.random.default_rng(seed),
        SimulatedTotals(*map(np.copy, shop.totals)),
        np.empty(0),
    )
    logged = shop.log if warm else None
    model = (
        OfferModel.untaught(OFFER_FEATURES)
        if logged is None
        else learn_offers(logged, ARMS, OFFER_FEATURES, rng)
    )
    day = 0.0
    while len(picked) < decisions:
        report("Deciding", len(picked), decisions)
        who = rng.permutation(len(totals.orders))[: decisions - len(picked)]
        contexts = shop.contexts(totals, day)
        arm = decided(shop, model, contexts, who, day)
        outcome = shop.response.draw(who, arm, day, rng)
        picked = np.concatenate([picked, shop.response.incremental(day)[who, arm]])
        latest = responses(contexts.of(who), arm, outcome.ordered, outcome.paid, outcome.margin)
        logged = latest if logged is None else logged.then(latest)
        add_orders(totals, who, outcome, day)
        model, day = learn_offers(logged, ARMS, OFFER_FEATURES, rng), day + VALID_DAYS
    return Campaigns(picked, model, totals, day)


def decided(shop: DemoShop, model: OfferModel, contexts: OfferContexts, who: Int64s, day: float) -> Int64s:
    """(m) the arm that `decide`, as in serving, gives each customer; -1 for none."""
    now = _at(shop, day)
    names = [decide(CATALOGUE, model, shop.context_of(int(i), contexts), now).offer_id for i in who]
    return np.array([ARMS.index(name) if name != NO_OFFER else -1 for name in names], np.int64)


def chances(shop: DemoShop, model: OfferModel, totals: SimulatedTotals, day: float) -> Float64s:
    """(n, 4) the chance of each arm for each customer; the last arm is no offer."""
    now, contexts = _at(shop, day), shop.contexts(totals, day)
    shares = np.zeros((len(totals.orders), NO_OFFER_COLUMN + 1))
    for i in range(len(shares)):
        scored = score_offers(CATALOGUE, model, shop.context_of(i, contexts), now)
        columns = [*(ARMS.index(offer.id) for offer in scored.arms.offers), NO_OFFER_COLUMN]
        shares[i, columns] = scored.chances
    return shares


def _at(shop: DemoShop, day: float) -> datetime:
    return shop.now.astimezone(UTC) + timedelta(days=day)
