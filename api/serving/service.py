"""What one API process holds: the store, the model, the shelf, rules and keys, each kept up to date."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from fastapi import Request as HttpRequest

from api.serving.budget_prices import OfferPrices
from api.serving.experiments import Treatment, Variants
from api.serving.known_names import KnownNames
from api.serving.preload import LoadBundle
from api.serving.prepare import Changes, prepared
from api.serving.tiers import tier_plan
from api.web.access import Access
from api.web.callers import is_operator
from api.web.metrics import BUNDLE_AGE, STREAM_LAG, WATCHER_FAILURES, flush
from api.web.settings import ApiSettings
from features.catalogue.live_changes import changes_since
from features.connections.settings_file import Connections
from features.events.nobody import is_nobody
from features.home import Home
from features.merchant.live_keys import LiveKeys
from features.merchant.versioned_settings import (
    EXPERIMENTS,
    MERCHANDISING,
    OFFER_CATALOGUE,
    TRIGGER_SETTINGS,
    SettingVersions,
)
from features.outgoing.impressions import ServedBuffer
from features.people.names import KeptKey
from features.store import keys
from features.store.connection import Connection, StoreUnavailable
from features.store.disk_reserve import is_full
from features.store.parts import Part, PartState, part_states
from features.store.settings import StoreSettings
from features.store.tombstones import Tombstones, shared_tombstones, tombstones_despite_damage
from recommender.customers.tiers import TierPlan
from recommender.experiments.assignment import Trials
from recommender.experiments.plan import Experiments
from recommender.lifecycle.vocabulary.settings import Holds, Settings
from recommender.merchandising.rules import AnyRule, Rules
from recommender.model import versions
from recommender.model.bundle import Bundle
from recommender.offers.catalogue import Catalogue
from recommender.recommend import Recommender

logger = logging.getLogger("perennial.service")
MEASURED_EVERY_S = 1.0  # answers wait while counts are written out


@dataclass
class Service:
    """One per process. The parts are replaced whole, never changed in place: an answer sees one version."""

    home: Home
    settings: ApiSettings
    store: Connection
    writes: Connection  # of its own: taking an event may wait longer than an answer
    batch: Connection  # of its own, too: e-mail picks wait rather than repeat what was sent
    store_settings: StoreSettings
    served: ServedBuffer
    access: Access
    load: LoadBundle = versions.load_current
    log_folder: Path | None = None  # of Redis' log, where it is on a disk of this machine
    recommender: Recommender | None = None
    model_problem: str | None = None
    changes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    revision: int = 0
    rules: Sequence[AnyRule] = ()
    tiers: TierPlan | None = None
    offers: Catalogue = field(default_factory=Catalogue)
    holds: Holds = field(default_factory=Holds)
    offer_prices: OfferPrices = field(default_factory=OfferPrices)
    watchers: dict[str, Part] = field(default_factory=dict)
    variants: Variants = field(init=False)
    live_keys: LiveKeys = field(init=False)
    revisions: dict[str, int] = field(default_factory=dict)  # of the settings taken over, by their name
    erased: Tombstones = field(init=False)
    erased_revision: int = 0
    names: KnownNames = field(default_factory=KnownNames)
    people_key: KeptKey = field(init=False)
    connections: Connections = field(init=False)
    _pointer: versions.Pointer | None = None

    def __post_init__(self) -> None:
        self.live_keys = LiveKeys(self.home)
        self.people_key = KeptKey(self.home)
        self.connections = Connections(self.home)
        self.erased = tombstones_despite_damage(self.home)
        self.variants = Variants(self.home.models, Trials((), self.store_settings.holdout))

    def is_operator(self, request: HttpRequest) -> bool:
        """Whether the caller may see how the service runs: by where it is, or by a secret key."""
        return is_operator(request, self.settings) or self.access.is_secret(request)

    def require_operator(self, request: HttpRequest) -> None:
        """Raises Problem 403, or 401 for a key that is not known."""
        if not is_operator(request, self.settings):
            self.access.require_secret(request)

    def customer(self, customer_id: str | None) -> str | None:
        """Whom a request means; None: nobody, or somebody who was erased."""
        if customer_id is None or is_nobody(customer_id) or self.erased.holds("customer", customer_id):
            return None
        if not self.names.owners:
            return customer_id
        current = self.names.current(customer_id)
        return None if self.erased.holds("customer", current) else current

    def treatment(self, visitor: str | None, surface: str, now: float) -> Treatment:
        """Which recommender answers this visitor. surface: a placement or `OFFERS`; now: epoch s."""
        return self.variants.of(self.recommender, visitor, surface, now)

    def parts(self) -> dict[str, PartState]:
        """How the watchers of this process are, and the parts of others."""
        own = {name: part.state for name, part in self.watchers.items()}
        return part_states(self.home, datetime.now(UTC)) | own

    async def refresh(self) -> None:
        """Take over whatever has changed."""
        await self._refresh_settings()
        await self._watch(self.refresh_model)

    async def watch(self) -> None:
        """Refresh until cancelled. A model takes long to load, and stock must not wait for it."""
        often_s = self.settings.watch_interval_ms / 1000
        await asyncio.gather(
            _every(often_s, self._refresh_settings),
            _every(often_s, partial(self._watch, self.look_at_disk)),
            _every(often_s, partial(self._watch, self.refresh_model)),
            _every(max(often_s, MEASURED_EVERY_S), partial(self._watch, self.measure)),
        )

    async def _refresh_settings(self) -> None:
        for part in (
            self.refresh_keys,
            self.refresh_erased,
            self.refresh_people,
            self.refresh_shelf,
            self.refresh_rules,
            self.refresh_tiers,
            self.refresh_offers,
            self.refresh_experiments,
            self.refresh_offer_prices,
        ):
            await self._watch(part)

    async def _watch(self, step: Callable[[], Awaitable[None]]) -> None:
        """Run one round of a watcher; whatever it raises, the next round comes."""
        name = step.__name__
        watcher = self.watchers.setdefault(name, Part(name))
        before = watcher.state.failures
        with watcher.round(StoreUnavailable):
            await step()
        if watcher.state.failures > before:
            WATCHER_FAILURES.add(name)

    async def refresh_model(self) -> None:
        """Load the published bundle if it is another one; a bad one never replaces a good one.

        A process that has none yet takes the newest of those that served before.
        """
        pointer = versions.current(self.home.models)
        if pointer is None or pointer == self._pointer:
            return
        self._pointer, applied = pointer, dict(self.changes)
        self.model_problem = None
        recommender = await self._loaded(lambda: self.load(self.home.models), applied)
        for version in pointer.previous:
            if recommender is not None or self.recommender is not None:
                break
            recommender = await self._loaded(partial(versions.load, self.home.models, version), applied)
        if recommender is not None:
            self._take_over(recommender, applied)

    async def _loaded(self, load: Callable[[], Bundle | None], changes: Changes) -> Recommender | None:
        """A bundle ready to answer; None, with the first `model_problem`, where it does not load."""
        try:
            return await asyncio.to_thread(prepared, load, changes)
        except Exception as error:  # a bundle can be bad in any way
            self.model_problem = self.model_problem or str(error) or type(error).__name__
            logger.warning(
                "a published model does not load; the old one serves on", extra={"reason": repr(error)}
            )
            return None

    def _take_over(self, recommender: Recommender, applied: Changes) -> None:
        tables = recommender.bundle.tables
        self.names.teach(tables.customers)
        late = {
            product: fields for product, fields in self.changes.items() if fields is not applied.get(product)
        }
        shelf = recommender.availability.changed(tables, late) if late else recommender.availability
        self.recommender = replace(recommender, availability=shelf, rules=self.rules, tiers=self.tiers)
        manifest = recommender.bundle.manifest
        BUNDLE_AGE.set(datetime.fromisoformat(manifest.created_at).timestamp(), manifest.version)
        logger.info("model loaded", extra={"version": manifest.version})

    async def refresh_shelf(self) -> None:
        """Apply live changes of the catalogue."""
        self.revision, changes = await changes_since(self.store, self.revision)
        if changes:
            self.changes |= changes
            self.variants.restock(changes)
            if self.recommender is not None:
                bundle, shelf = self.recommender.bundle, self.recommender.availability
                self.recommender = replace(
                    self.recommender, availability=shelf.changed(bundle.tables, changes)
                )

    async def refresh_rules(self) -> None:
        """Take over the merchant's rules."""
        rules = await self._changed(MERCHANDISING, Rules)
        if rules is not None:
            self.rules = rules
            if self.recommender is not None:
                self.recommender = replace(self.recommender, rules=rules)

    async def refresh_tiers(self) -> None:
        """Take over the merchant's tiers, which rules may name."""
        self.tiers = await asyncio.to_thread(tier_plan, self.home)
        if self.recommender is not None and self.recommender.tiers != self.tiers:
            self.recommender = replace(self.recommender, tiers=self.tiers)

    async def refresh_offers(self) -> None:
        """Take over the merchant's offers, and what holds promotion back."""
        self.offers = await self._changed(OFFER_CATALOGUE, Catalogue) or self.offers
        settings = await self._changed(TRIGGER_SETTINGS, Settings)
        self.holds = settings.holds if settings is not None else self.holds

    async def refresh_experiments(self) -> None:
        """Take over the owner's experiments."""
        experiments = await self._changed(EXPERIMENTS, Experiments)
        if experiments is not None:
            await self.variants.plan(experiments, self.changes)

    async def _changed(self, settings: SettingVersions, shape: Any) -> Any:
        """The settings, as `shape`, where they are others than those taken over; else None."""
        newest = await settings.changed_since(self.store, self.revisions.get(settings.name, 0))
        if newest is None:
            return None
        self.revisions[settings.name] = newest.revision  # unreadable ones, too: warn only once
        return msgspec.json.decode(newest.settings, type=shape)

    @property
    def offers_revision(self) -> int:
        """Of the offers that decisions go by; 0: none were saved yet."""
        return self.revisions.get(OFFER_CATALOGUE.name, 0)

    async def refresh_offer_prices(self) -> None:
        """Compute the budgets' prices anew when they are due."""
        await self.offer_prices.refresh(self.store, self.recommender, self.offers, self.offers_revision)

    async def refresh_keys(self) -> None:
        """Take over created and revoked keys."""
        try:
            await self.live_keys.refresh(self.store)
        finally:  # without Redis they come from the home's file
            live = self.live_keys.current
            if live is not None and live.keys is not self.access.keys:
                self.access = replace(self.access, keys=live.keys)

    async def look_at_disk(self) -> None:
        """Take no writes while the disk has no room for Redis' log; answers need none."""
        if self.log_folder is not None:
            full = is_full(self.log_folder, self.store_settings.disk_reserve_mb)
            self.writes.pause("The disk is full" if full else None)

    async def refresh_erased(self) -> None:
        """Hear who was erased; a store that began anew does not undo it."""
        revision = int(await self.store.call("HGET", keys.revisions(), "erased") or 0)
        if revision != self.erased_revision:
            self.erased = await shared_tombstones(self.store) or tombstones_despite_damage(self.home)
            self.erased_revision = revision

    async def refresh_people(self) -> None:
        """Hear which names of customers are one person."""
        if await self.names.refresh(self.store) and self.recommender is not None:
            self.names.teach(self.recommender.bundle.tables.customers)

    async def measure(self) -> None:
        """Write out the metrics, with how far the history is behind; look at the store and its disk."""
        flush()
        for connection in (self.store, self.writes, self.batch):
            await connection.check_role()
        STREAM_LAG.set(await self.store.call("XLEN", keys.event_stream()))


async def _every(interval_s: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(interval_s)
        await step()
