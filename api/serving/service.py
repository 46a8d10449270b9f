"""What one API process holds: the store, the model, the shelf, rules and keys, each kept up to date."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import hiredis
import msgspec

from api.serving.budget_prices import OfferPrices
from api.serving.experiments import Treatment, Variants
from api.serving.preload import Load
from api.web.access import Access
from api.web.metrics import BUNDLE_AGE, CANDIDATES, STREAM_LAG, flush
from api.web.settings import ApiSettings
from features.catalogue.live_changes import changes_since
from features.home import Home
from features.merchant.live_keys import LiveKeys
from features.merchant.versioned_settings import EXPERIMENTS, MERCHANDISING, OFFER_CATALOGUE
from features.outgoing.impressions import ServedBuffer
from features.store import keys
from features.store.connection import Connection, StoreUnavailable
from features.store.settings import StoreSettings
from features.store.tombstones import Tombstones, read_tombstones, shared_tombstones
from recommender.context.request import PLACEMENTS, Request
from recommender.experiments.assignment import Trials
from recommender.experiments.plan import Experiments
from recommender.merchandising.rules import AnyRule, Rules
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle_files import BadBundle
from recommender.offers.catalogue import Catalogue
from recommender.recommend import Recommender

log = logging.getLogger("perennial.service")
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
    load: Load = versions.load_current
    recommender: Recommender | None = None
    model_problem: str | None = None
    changes: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    revision: int = 0
    rules: Sequence[AnyRule] = ()
    rules_revision: int = 0
    offers: Catalogue = field(default_factory=Catalogue)
    offers_revision: int = 0
    offer_prices: OfferPrices = field(default_factory=OfferPrices)
    variants: Variants = field(init=False)
    live_keys: LiveKeys = field(init=False)
    experiments_revision: int = 0
    erased: Tombstones = field(init=False)
    erased_revision: int = 0
    _pointer: versions.Pointer | None = None

    def __post_init__(self) -> None:
        self.live_keys = LiveKeys(self.home)
        self.erased = self._home_tombstones()
        self.variants = Variants(self.home.models, Trials((), self.store_settings.holdout))

    def treatment(self, visitor: str | None, surface: str, now: float) -> Treatment:
        """Which recommender answers this visitor. surface: a placement or `OFFERS`; now: epoch s."""
        return self.variants.of(self.recommender, visitor, surface, now)

    async def refresh(self) -> None:
        """Take over whatever has changed."""
        await self._refresh_settings()
        await _survive(self.refresh_model)

    async def watch(self) -> None:
        """Refresh until cancelled. A model takes long to load, and stock must not wait for it."""
        often_s = self.settings.watch_interval_ms / 1000
        await asyncio.gather(
            _every(often_s, self._refresh_settings),
            _every(often_s, partial(_survive, self.refresh_model)),
            _every(max(often_s, MEASURED_EVERY_S), partial(_survive, self.measure)),
        )

    async def _refresh_settings(self) -> None:
        for part in (
            self.refresh_keys,
            self.refresh_erased,
            self.refresh_shelf,
            self.refresh_rules,
            self.refresh_offers,
            self.refresh_experiments,
            self.refresh_offer_prices,
        ):
            await _survive(part)

    async def refresh_model(self) -> None:
        """Load the published bundle if it is another one; a bad one never replaces a good one."""
        try:
            pointer = versions.current(self.home.models)
            if pointer is None or pointer == self._pointer:
                return
            self._pointer, applied = pointer, dict(self.changes)
            recommender = await asyncio.to_thread(self._load, applied)
        except (BadBundle, OSError, ValueError) as error:
            self.model_problem = str(error)
            log.warning(
                "a published model does not load; the old one serves on", extra={"reason": str(error)}
            )
            return
        tables = recommender.bundle.tables
        late = {
            product: fields for product, fields in self.changes.items() if fields is not applied.get(product)
        }
        shelf = recommender.availability.changed(tables, late) if late else recommender.availability
        self.recommender = replace(recommender, availability=shelf, rules=self.rules)
        self.model_problem = None
        manifest = recommender.bundle.manifest
        BUNDLE_AGE.labels(manifest.version).set(datetime.fromisoformat(manifest.created_at).timestamp())
        log.info("model loaded", extra={"version": manifest.version})

    def _load(self, changes: Mapping[str, Mapping[str, Any]]) -> Recommender:
        bundle = self.load(self.home.models)
        if bundle is None:
            raise BadBundle("models/current went away")
        shelf = Availability.of(bundle.tables).changed(bundle.tables, changes)
        recommender = Recommender(bundle, shelf, CANDIDATES.add_numbers)
        for placement in PLACEMENTS:  # warm up: first touches of mapped pages and lazy imports
            recommender.recommend(Request(placement, now=0.0), k=8)  # type: ignore[arg-type]
        return recommender

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
        newest = await MERCHANDISING.changed_since(self.store, self.rules_revision)
        if newest is None:
            return
        self.rules_revision = newest.revision  # unreadable ones, too: warn only once
        self.rules = msgspec.json.decode(newest.settings, type=Rules)
        if self.recommender is not None:
            self.recommender = replace(self.recommender, rules=self.rules)

    async def refresh_offers(self) -> None:
        """Take over the merchant's offers."""
        newest = await OFFER_CATALOGUE.changed_since(self.store, self.offers_revision)
        if newest is None:
            return
        self.offers_revision = newest.revision  # unreadable ones, too: warn only once
        self.offers = msgspec.json.decode(newest.settings, type=Catalogue)

    async def refresh_experiments(self) -> None:
        """Take over the owner's experiments."""
        newest = await EXPERIMENTS.changed_since(self.store, self.experiments_revision)
        if newest is None:
            return
        self.experiments_revision = newest.revision  # unreadable ones, too: warn only once
        await self.variants.plan(msgspec.json.decode(newest.settings, type=Experiments), self.changes)

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
                self.access = Access(self.access.local, live.keys)

    async def refresh_erased(self) -> None:
        """Hear who was erased; a store that began anew does not undo it."""
        revision = int(await self.store.call("HGET", keys.revisions(), "erased") or 0)
        if revision != self.erased_revision:
            self.erased = await shared_tombstones(self.store) or self._home_tombstones()
            self.erased_revision = revision

    def _home_tombstones(self) -> Tombstones:
        try:
            return read_tombstones(self.home)
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("erased.json cannot be read; Redis has a copy", extra={"reason": str(error)})
            return Tombstones()

    async def measure(self) -> None:
        """Write out the metrics, with how far the history is behind."""
        flush()
        STREAM_LAG.set(await self.store.call("XLEN", keys.event_stream()))


async def _every(interval_s: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(interval_s)
        await step()


async def _survive(step: Callable[[], Awaitable[None]]) -> None:
    """Run one round of a watcher; its errors are logged, and the next round comes."""
    try:
        await step()
    except StoreUnavailable:
        return
    except (hiredis.HiredisError, ValueError, KeyError) as error:
        log.warning("a watcher's round failed", extra={"reason": repr(error)})
