"""The worker's lifecycle rounds: every minute, decide about customers who are due and hand out triggers."""

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
from features.catalogue.price_and_stock_news import News, apply_changes, read_news, watch
from features.home import Home
from features.merchant.tiers import read_tiers
from features.merchant.versioned_settings import MERCHANDISING, TRIGGER_SETTINGS
from features.outgoing import trigger_queue as triggers
from features.outgoing.trigger_queue import NewTrigger, TriggerDecision, TriggerState
from features.store import keys
from features.store.failover import reconnecting
from features.store.parts import Part
from features.time_units import DAY_MS
from recommender.customers.tiers import BadTiers, TierPlan, read_plan
from recommender.experiments.assignment import Trials
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.messages.back_in_stock_and_price_drop import interests
from recommender.lifecycle.models import customer_model_of
from recommender.lifecycle.plan import MessagePlan
from recommender.lifecycle.vocabulary.occasion import Trigger
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.merchandising.rules import AnyRule, Rules
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.recommend import Recommender
from training.worker.trigger_experiments import note_exposures, saved_experiments

logger = logging.getLogger("perennial.lifecycle")

ROUND_S = 60.0
CUSTOMERS_A_STEP = 200
ENROL_GAP_MS, ENROL_WITHIN_MS = 10, DAY_MS  # between customers of a new model, and of all of them
MOST_WATCHED = 20  # products watched for one customer
FRESH_MS = 3 * DAY_MS  # age of an interest up to which it is sent to the watch list again
_encode = msgspec.json.Encoder().encode


class Lifecycle:
    """Several workers may run at once, and any may die at any moment; `outgoing.trigger_queue` says why."""

    def __init__(self, client: redis.Redis, home: Home, holdout: float = 0.0) -> None:
        self._client, self._home, self._holdout = client, home, holdout
        self._pointer: versions.Pointer | None = None
        self._knowledge = Knowledge()
        self._catalogue_revision = 0

    def run(self, stop: threading.Event) -> None:
        """Run a round a minute until `stop` is set. A failed one loses nobody: the next tries again."""
        part = Part("triggers", self._home, every_s=ROUND_S)
        while not stop.is_set():
            with part.round(), reconnecting(self._client):
                self.round(int(time.time() * 1000), stop)
            stop.wait(ROUND_S)

    def round(self, now_ms: int, stop: threading.Event | None = None) -> int:
        """Decide about all customers who are due; returns the number of new triggers."""
        recommender = self.knowledge().recommender
        if recommender is not None:
            self._enrol(recommender, now_ms)
        settings, saved_ms = merchants_settings(self._client)
        began_ms = max(triggers.began(self._client, now_ms), saved_ms)
        self._knowledge = replace(self._knowledge, began_ms=began_ms)
        apply_changes(self._client, self._trained, now_ms)
        new, looked_at, began = 0, set[str](), time.monotonic()
        while not (stop and stop.is_set()):
            moment_ms = now_ms + int((time.monotonic() - began) * 1000)
            claimed = triggers.claim(self._client, moment_ms, CUSTOMERS_A_STEP)
            if looked_at.issuperset(claimed):  # nobody new: leave them to the next round
                return new
            looked_at.update(claimed)
            new += self._look(claimed, moment_ms, settings)
        return new

    def _look(self, customers: Sequence[str], now_ms: int, settings: Settings) -> int:
        states = triggers.read_states(self._client, customers)
        interests = [_interests(each, now_ms) for each in states]
        news = read_news(self._client, (product for each in interests for product in each))
        knowledge = replace(self._knowledge, news=news)
        watch(self._client, _fresh(dict(zip(customers, interests, strict=True)), now_ms))
        decisions = []
        for customer, state in zip(customers, states, strict=True):
            try:
                decisions.append(decide_for(knowledge, customer, state, now_ms, settings))
            except Exception:  # others must not wait for this one, whose lease ends by itself
                logger.exception("A customer could not be looked at")
        new = triggers.settle(self._client, decisions, now_ms, now_ms)
        note_exposures(self._client, knowledge.trials, decisions, now_ms, settings)
        return new

    def knowledge(self) -> Knowledge:
        """Knowledge of the published model, with the current availability, rules, tiers and experiments."""
        pointer = versions.current(self._home.models)
        fresh = pointer is not None and pointer != self._pointer
        if fresh:
            self._load()
            self._pointer = pointer
        revision = int(cast("bytes | None", self._client.hget(keys.revisions(), "catalogue")) or 0)
        recommender = self._knowledge.recommender
        if recommender is not None:
            if fresh or revision != self._catalogue_revision:
                recommender = _with_availability(recommender, self._client)
                self._catalogue_revision = revision
            recommender = replace(recommender, rules=_rules(self._client))
        trials = Trials(saved_experiments(self._client), self._holdout)
        tiers = tiers_of(self._home)
        self._knowledge = replace(self._knowledge, recommender=recommender, tiers=tiers, trials=trials)
        return self._knowledge

    def _load(self) -> None:
        """Load the published bundle; one that cannot be loaded leaves the old one in place."""
        try:
            bundle = versions.load_current(self._home.models)
            if bundle is not None:
                recommender = Recommender(bundle, Availability.of(bundle.tables))
                self._knowledge = Knowledge(recommender, customer_model_of(bundle.tables))
        except Exception as error:  # a bundle can be bad in any way
            logger.warning(
                "a published model does not load; the old one stays", extra={"reason": repr(error)}
            )

    def _enrol(self, recommender: Recommender, now_ms: int) -> None:
        """Enrol all customers of a new model, so that those without live events are looked at too."""
        version = recommender.bundle.manifest.version
        if self._client.get(keys.enrolled()) == version.encode():
            return
        customers = recommender.bundle.tables.customers
        within = min(ENROL_WITHIN_MS, ENROL_GAP_MS * len(customers)) or 1
        for start in range(0, len(customers), 1_000):
            rows = range(start, min(start + 1_000, len(customers)))
            names = [name for name in map(customers.name, rows) if name]  # an erased one has none
            triggers.enrol(self._client, names, [now_ms + crc32(name.encode()) % within for name in names])
        self._client.set(keys.enrolled(), version)

    def _trained(self, product_id: str) -> News:
        """Price and stock of a product when the model was trained."""
        if self._knowledge.recommender is None:
            return News(None, True)
        tables = self._knowledge.recommender.bundle.tables
        item = tables.products.row(product_id)
        if item < 0:
            return News(None, True)
        price = float(tables.product.price[item])
        return News(None if math.isnan(price) else price, bool(tables.product.in_stock[item]))


def decide_for(
    knowledge: Knowledge, customer: str, state: TriggerState, now_ms: int, settings: Settings
) -> TriggerDecision:
    """The decision about one customer, in the form that is written to Redis."""
    if state.life.is_empty and not state.waiting and not knowledge.knows(customer):
        return TriggerDecision(customer, (), (), None)
    plan: MessagePlan = knowledge.decide(customer, state, now_ms, settings)
    return TriggerDecision(
        customer, [_handed_out(trigger) for trigger in plan.triggers], plan.ended, plan.next_check_ms
    )


def merchants_settings(client: redis.Redis) -> tuple[Settings, int]:
    """The saved settings, and when they were saved (epoch ms); the defaults and 0 without readable ones."""
    saved = TRIGGER_SETTINGS.current_sync(client)
    try:
        settings = msgspec.json.decode(saved.settings, type=Settings)
    except msgspec.DecodeError as error:
        logger.warning("saved trigger settings cannot be read; defaults hold", extra={"reason": str(error)})
        return Settings(), 0
    return settings, int(saved.saved_at.timestamp() * 1000) if saved.saved_at else 0


def tiers_of(home: Home) -> TierPlan:
    """The merchant's tiers; none where the file is missing or cannot be used."""
    try:
        return read_plan(read_tiers(home)) or TierPlan()
    except BadTiers as error:
        logger.warning("tiers.json cannot be used; nobody hears of tiers", extra={"reason": str(error)})
        return TierPlan()


def _handed_out(trigger: Trigger) -> NewTrigger:
    expires_ms = int(trigger.expires_at.timestamp() * 1000)
    return NewTrigger(trigger.id, _encode(trigger), trigger.kind, expires_ms, trigger.keys)


def _interests(state: TriggerState, now_ms: int) -> dict[str, int]:
    """Product -> when (epoch ms) of what a customer wants and has not bought: the newest MOST_WATCHED."""
    newest = sorted(interests(state.life).items(), key=lambda each: -each[1])
    return {product: min(at, now_ms) for product, at in newest[:MOST_WATCHED]}


def _fresh(interests: Mapping[str, Mapping[str, int]], now_ms: int) -> dict[str, dict[str, int]]:
    """Interests of the last FRESH_MS: older ones are on the watch list already."""
    since = now_ms - FRESH_MS
    return {
        customer: {product: at for product, at in products.items() if at > since}
        for customer, products in interests.items()
    }


def _with_availability(recommender: Recommender, client: redis.Redis) -> Recommender:
    tables = recommender.bundle.tables
    return replace(recommender, availability=Availability.of(tables).changed(tables, all_changes(client)))


def _rules(client: redis.Redis) -> Sequence[AnyRule]:
    try:
        return msgspec.json.decode(MERCHANDISING.current_sync(client).settings, type=Rules)
    except msgspec.DecodeError:
        return ()
