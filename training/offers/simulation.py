"""The demo shop goes on: its customers are asked about, answered as in serving, and learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.offer_catalogue import NO_OFFER, Catalogue, Offer
from recommender.offer_eligibility import Asked
from recommender.offer_model import OfferModel
from recommender.offers import decide, weigh
from training.demo_shop.lives import POSTAGE_PRICE
from training.demo_shop.offers import VALID_DAYS
from training.offers.demo_customers import (
    ARMS,
    FEATURES,
    Seen,
    Truth,
    read_now,
    read_orders,
    read_truth,
    seen_at,
)
from training.offers.demo_response import Response, remember
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
        return Response(self.people[1], float(margin / goods))

    @cached_property
    def log(self) -> Responses:
        """The campaigns of offers.csv, each customer as the shop saw them on that day."""
        customers, _ = self.people
        row = {customer: place for place, customer in enumerate(customers)}
        parts = []
        table = pl.read_csv(self.folder / "offers.csv")
        for (at,), given in table.group_by("timestamp", maintain_order=True):
            day = (datetime.fromisoformat(str(at)) - self.now) / timedelta(days=1)
            who = [row[customer] for customer in given["customer_id"]]
            arm = [ARMS.index(offer) if offer != NO_OFFER else -1 for offer in given["offer"]]
            margin, ordered = given.select(pl.col("margin", "ordered_within_14d").cast(pl.Float64))
            features = seen_at(self.orders, customers, day).features(day)[who]
            parts.append(Responses(features, np.array(arm), margin.to_numpy(), ordered.to_numpy()))
        return Responses(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def asked(self, who: int, features: Numbers, basket: float) -> Asked:
        """A customer as the decision sees them."""
        return Asked(
            customer_id=self.people[0][who],
            features=dict(zip(FEATURES, features.tolist(), strict=True)),
            basket=basket,
            margin=basket * self.response.margin_share,
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
    customers, _ = shop.people
    rng, seen, picked = np.random.default_rng(seed), seen_at(shop.orders, customers, 0.0), np.empty(0)
    known = shop.log if warm else None
    model = OfferModel.untaught(FEATURES) if known is None else learn(known, ARMS, FEATURES, rng)
    day = 0.0
    while len(picked) < decisions:
        report("Deciding", len(picked), decisions)
        who = rng.permutation(len(customers))[: decisions - len(picked)]
        features = seen.features(day)[who]
        arm = decided(shop, model, seen, who, day)
        outcome = shop.response.draw(who, arm, day, rng)
        picked = np.concatenate([picked, shop.response.incremental(day)[who, arm]])
        told = Responses(features, arm, outcome.margin, outcome.ordered)
        known = told if known is None else known.then(told)
        remember(seen, who, outcome, day)
        model, day = learn(known, ARMS, FEATURES, rng), day + VALID_DAYS
    return Campaigns(picked, model, seen, day)


def decided(
    shop: DemoShop, model: OfferModel, seen: Seen, who: NDArray[np.int64], day: float
) -> NDArray[np.int64]:
    """(m) the arm that serving's `decide` gives each; -1 for none."""
    now, features, basket = _at(shop, day), seen.features(day), seen.basket()
    names = [
        decide(CATALOGUE, model, shop.asked(int(i), features[i], float(basket[i])), now).offer_id for i in who
    ]
    return np.array([ARMS.index(name) if name != NO_OFFER else -1 for name in names], np.int64)


def chances(shop: DemoShop, model: OfferModel, seen: Seen, day: float) -> Numbers:
    """(n, 4) how likely each customer gets each arm, the last being none."""
    now, features, basket = _at(shop, day), seen.features(day), seen.basket()
    found = np.zeros((len(features), NONE + 1))
    for i in range(len(features)):
        weighed = weigh(CATALOGUE, model, shop.asked(i, features[i], float(basket[i])), now)
        places = [*(ARMS.index(offer.id) for offer in weighed.arms.offers), NONE]
        found[i, places] = weighed.chances
    return found


def _at(shop: DemoShop, day: float) -> datetime:
    return shop.now.astimezone(UTC) + timedelta(days=day)
