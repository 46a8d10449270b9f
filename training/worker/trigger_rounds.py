"""The worker's lifecycle part: every minute it looks at those whose time has come, and hands out triggers."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast
from zlib import crc32

import msgspec
import redis

from features.catalogue.live_changes import all_changes
from features.catalogue.price_and_stock_news import News, read_news, take_changes, watch
from features.home import Home
from features.merchant.tiers import read_tiers
from features.merchant.versioned_settings import MERCHANDISING, TRIGGER_SETTINGS
from features.outgoing import trigger_queue as triggers
from features.outgoing.trigger_queue import Settled, Standing, ToHandOut
from features.store import keys
from recommender.customers.tiers import BadTiers, TierPlan, read_plan
from recommender.experiments.assignment import Trials
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.learned import figures_of
from recommender.lifecycle.messages.back_in_stock_and_price_drop import wanted
from recommender.lifecycle.plan import Plan
from recommender.lifecycle.vocabulary.occasion import Trigger
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.merchandising.rules import AnyRule, Rules
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle_files import BadBundle
from recommender.recommend import Recommender
from training.worker.trigger_experiments import note_exposures, planned

log = logging.getLogger("perennial.lifecycle")

ROUND_S = 60.0
CUSTOMERS_A_STEP = 200
ENROL_GAP_MS, ENROL_WITHIN_MS = 10, 86_400_000  # a new model's customers come one by one, within a day
WATCHED = 20  # products a customer
FRESH_MS = 3 * 86_400_000
_encode = msgspec.json.Encoder().encode


class Lifecycle:
    """Several workers may run at once, and any may die at any moment: see `outgoing.trigger_queue`."""

    def __init__(self, client: redis.Redis, home: Home, holdout: float = 0.0) -> None:
        self._client, self._home, self._holdout = client, home, holdout
        self._pointer: versions.Pointer | None = None
        self._knowledge = Knowledge()
        self._shelf_revision = 0

    def run(self, stop: threading.Event) -> None:
        """A round a minute until `stop` is set. What goes wrong is logged, and tried again."""
        while not stop.is_set():
            try:
                self.round(int(time.time() * 1000), stop)
            except Exception:
                log.exception("A round of triggers failed; nobody is lost, and it is tried again")
            stop.wait(ROUND_S)

    def round(self, now_ms: int, stop: threading.Event | None = None) -> int:
        """Look at everybody whose time has come; returns how many triggers are new."""
        recommender = self.knowledge().recommender
        if recommender is not None:
            self._enrol(recommender, now_ms)
        settings, saved_ms = merchants_settings(self._client)
        began_ms = max(triggers.began(self._client, now_ms), saved_ms)
        self._knowledge = replace(self._knowledge, began_ms=began_ms)
        take_changes(self._client, self._trained, now_ms)
        new, seen, began = 0, set[str](), time.monotonic()
        while not (stop and stop.is_set()):
            moment_ms = now_ms + int((time.monotonic() - began) * 1000)
            claimed = triggers.claim(self._client, moment_ms, CUSTOMERS_A_STEP)
            if seen.issuperset(claimed):  # nobody new: in a minute there is another round
                return new
            seen.update(claimed)
            new += self._look(claimed, moment_ms, settings)
        return new

    def _look(self, customers: Sequence[str], now_ms: int, settings: Settings) -> int:
        found = triggers.standings(self._client, customers)
        interests = [_interests(each, now_ms) for each in found]
        news = read_news(self._client, (product for each in interests for product in each))
        knowledge = replace(self._knowledge, news=news)
        watch(self._client, _fresh(dict(zip(customers, interests, strict=True)), now_ms))
        decided = []
        for customer, standing in zip(customers, found, strict=True):
            try:
                decided.append(settled(knowledge, customer, standing, now_ms, settings))
            except Exception:  # of one must not keep the others waiting; this one's lease ends by itself
                log.exception("A customer could not be looked at")
        new = triggers.settle(self._client, decided, now_ms, now_ms)
        note_exposures(self._client, knowledge.trials, decided, now_ms, settings)
        return new

    def knowledge(self) -> Knowledge:
        """Of the model that serves, over the shelf, rules and tiers as they are now."""
        pointer = versions.current(self._home.models)
        fresh = pointer is not None and pointer != self._pointer
        if fresh:
            self._load()
            self._pointer = pointer
        revision = int(cast("bytes | None", self._client.hget(keys.revisions(), "catalogue")) or 0)
        recommender = self._knowledge.recommender
        if recommender is not None:
            if fresh or revision != self._shelf_revision:
                recommender = _on_shelf(recommender, self._client)
                self._shelf_revision = revision
            recommender = replace(recommender, rules=_rules(self._client))
        trials = Trials(planned(self._client), self._holdout)
        tiers = tiers_of(self._home)
        self._knowledge = replace(self._knowledge, recommender=recommender, tiers=tiers, trials=trials)
        return self._knowledge

    def _load(self) -> None:
        """A bundle that does not load changes nothing."""
        try:
            bundle = versions.load_current(self._home.models)
        except (BadBundle, OSError, ValueError) as error:
            log.warning("a published model does not load; the old one stays", extra={"reason": str(error)})
            return
        if bundle is not None:
            recommender = Recommender(bundle, Availability.of(bundle.tables))
            self._knowledge = Knowledge(recommender, figures_of(bundle.tables))

    def _enrol(self, recommender: Recommender, now_ms: int) -> None:
        """All customers of a model are looked at, those without live events, too."""
        version = recommender.bundle.manifest.version
        if self._client.get(keys.enrolled()) == version.encode():
            return
        customers = recommender.bundle.tables.customers
        within = min(ENROL_WITHIN_MS, ENROL_GAP_MS * len(customers)) or 1
        for start in range(0, len(customers), 1_000):
            names = [customers.name(row) for row in range(start, min(start + 1_000, len(customers)))]
            triggers.enrol(self._client, names, [now_ms + crc32(name.encode()) % within for name in names])
        self._client.set(keys.enrolled(), version)

    def _trained(self, product_id: str) -> News:
        """A product as the model knew it."""
        if self._knowledge.recommender is None:
            return News(None, True)
        tables = self._knowledge.recommender.bundle.tables
        item = tables.products.row(product_id)
        if item < 0:
            return News(None, True)
        price = float(tables.product.price[item])
        return News(None if math.isnan(price) else price, bool(tables.product.in_stock[item]))


def settled(
    knowledge: Knowledge, customer: str, standing: Standing, now_ms: int, settings: Settings
) -> Settled:
    """The decision about one customer, as it is written."""
    if standing.life.is_empty and not standing.waiting and not knowledge.knows(customer):
        return Settled(customer, (), (), None)
    plan: Plan = knowledge.decide(customer, standing, now_ms, settings)
    return Settled(customer, [_handed_out(trigger) for trigger in plan.triggers], plan.ended, plan.look_ms)


def merchants_settings(client: redis.Redis) -> tuple[Settings, int]:
    """As saved, and when (epoch ms); the defaults and 0 where nothing is, or where it cannot be read."""
    saved = TRIGGER_SETTINGS.standing(client)
    try:
        settings = msgspec.json.decode(saved.settings, type=Settings)
    except msgspec.DecodeError as error:
        log.warning("saved trigger settings cannot be read; defaults hold", extra={"reason": str(error)})
        return Settings(), 0
    return settings, int(saved.saved_at.timestamp() * 1000) if saved.saved_at else 0


def tiers_of(home: Home) -> TierPlan:
    """The merchant's tiers; none where the file is missing or cannot be used."""
    try:
        return read_plan(read_tiers(home)) or TierPlan()
    except BadTiers as error:
        log.warning("tiers.json cannot be used; nobody hears of tiers", extra={"reason": str(error)})
        return TierPlan()


def _handed_out(trigger: Trigger) -> ToHandOut:
    expires_ms = int(trigger.expires_at.timestamp() * 1000)
    return ToHandOut(trigger.id, _encode(trigger), trigger.kind, expires_ms, trigger.keys)


def _interests(standing: Standing, now_ms: int) -> dict[str, int]:
    """What they want and have not bought, the newest first; as much as is worth watching."""
    newest = sorted(wanted(standing.life).items(), key=lambda each: -each[1])
    return {product: min(at, now_ms) for product, at in newest[:WATCHED]}


def _fresh(interests: Mapping[str, Mapping[str, int]], now_ms: int) -> dict[str, dict[str, int]]:
    """Interests of the last days: who watches for longer is remembered already."""
    since = now_ms - FRESH_MS
    return {
        customer: {product: at for product, at in products.items() if at > since}
        for customer, products in interests.items()
    }


def _on_shelf(recommender: Recommender, client: redis.Redis) -> Recommender:
    tables = recommender.bundle.tables
    return replace(recommender, availability=Availability.of(tables).changed(tables, all_changes(client)))


def _rules(client: redis.Redis) -> Sequence[AnyRule]:
    try:
        return msgspec.json.decode(MERCHANDISING.standing(client).settings, type=Rules)
    except msgspec.DecodeError:
        return ()
