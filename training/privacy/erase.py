"""Erasing people: out of serving, Redis, history, archives and models, for good."""

import logging
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis

from features.connections.audience_file import audience_path
from features.history.archiver import Archiver
from features.history.damaged_files import settle_set_aside
from features.home import Home
from features.people.aliases import load_people, remove_links
from features.people.kept_emails import remove_emails
from features.people.shared_links import forget_links
from features.privacy.files import forget_lines, forget_rows, forget_uploads
from features.privacy.live_state import finish_rewrite, forget_live, note_rewrite
from features.privacy.person import PersonIds, customers_of, find_person
from features.store.locks import held
from features.store.settings import StoreSettings
from features.store.tombstones import (
    EVERYBODY,
    Tombstones,
    add_tombstones,
    begin_erasure_sync,
    end_erasures,
    erasures_begun,
    read_tombstones,
)
from recommender.model import versions
from recommender.model.forget_customers import forget_customers, remove_unreadable
from training.outbound.every_service import forget_in_all

logger = logging.getLogger("perennial.erasure")
HEARD_S = 1.0  # within which API processes hear of an erasure, and have sent what they held back
LOCK = "erase.lock"


@dataclass(frozen=True)
class Erased:
    """What was taken away. models: versions without the name now; removed: versions that could not be read,
    so that nobody could tell whom they named, as with `damaged` files that were set aside; log_problem: why
    Redis did not rewrite its log."""

    customers: int
    browsers: int
    events: int
    impressions: int
    decisions: int
    rejects: int
    keys: int
    models: tuple[str, ...]
    removed: tuple[str, ...]
    log_problem: str | None = None
    damaged: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value, for people."""
        yield "People", f"{self.customers:,}, with {self.browsers:,} browsers of theirs"
        yield "Rows of the history", f"{self.events:,}"
        yield "Recommendations, decisions", f"{self.impressions:,}, {self.decisions:,}"
        yield "Lines of rejects and poison", f"{self.rejects:,}"
        yield "Keys of Redis", f"{self.keys:,}"
        yield "Models without the name", ", ".join(self.models) or "none named them"
        if self.removed:
            yield "Models removed", f"{', '.join(self.removed)}: no longer readable, so they could not serve"
        if self.damaged:
            yield "Damaged files removed", f"{self.damaged:,} in poison/: nobody can tell whom they name"
        if self.log_problem:
            yield "Please note", self.log_problem
        yield "Please note", "a backup from before still holds them: delete it when its time is up"


def erase(home: Home, client: redis.Redis, settings: StoreSettings, customer_id: str) -> Erased:
    """Erase one customer now. Raises redis.RedisError, OSError: begun and not finished; do it again."""
    begin_erasure_sync(client, customer_id, int(time.time() * 1000))
    return finish_erasures(home, client, settings, {customer_id, *erasures_begun(client)})


def finish_erasures(
    home: Home, client: redis.Redis, settings: StoreSettings, customers: Collection[str]
) -> Erased:
    """Erase customers whose erasure has begun; one that was cut off is done again, from the beginning."""
    with held(home.root / LOCK):
        time.sleep(HEARD_S)
        Archiver(client, home, settings).run(burst=True)
        damaged = settle_set_aside(home)  # nobody can tell whom a damaged file names
        audience_path(home).unlink(missing_ok=True)  # the worker writes it anew, without them
        person = find_person(home, client, _with_everybody(home, customers))
        add_tombstones(home, client, person.names())
        time.sleep(HEARD_S)
        Archiver(client, home, settings).run(burst=True)
        erased = _forget(home, client, person)
        note_rewrite(home)
        end_erasures(client, {*customers, *person.customers})
        problem = finish_rewrite(home, client)  # when it names them no more
        erased = replace(erased, damaged=damaged, log_problem=problem)
    logger.info("people were erased", extra={"people": len(customers)})
    return erased


def _with_everybody(home: Home, customers: Collection[str]) -> Collection[str]:
    """The customers, and where all are to be erased, all that the home knows."""
    if EVERYBODY not in customers:
        return customers
    return {*customers, *customers_of(home), *load_people(home)["alias"]} - {EVERYBODY}


def _forget(home: Home, client: redis.Redis, person: PersonIds) -> Erased:
    with held(home.events / "archive.lock"):
        events, impressions, decisions = (
            forget_rows(folder, person) for folder in (home.events, home.served, home.decisions)
        )
        keys = forget_live(client, person)
        remove_links(home, person.customers)
        forget_links(client, person.customers)
        remove_emails(home, person.customers)
    forget_in_all(home, person.customers)
    forget_uploads(home)
    models = forget_customers(home.models, person.customers)
    return Erased(
        customers=len(person.customers),
        browsers=len(person.browsers),
        events=events,
        impressions=impressions,
        decisions=decisions,
        rejects=forget_lines(home, person),
        keys=keys,
        models=tuple(models),
        removed=tuple(remove_unreadable(home.models, time.time())),
    )


def erase_again(home: Home, client: redis.Redis, settings: StoreSettings) -> Erased | None:
    """Erase whom an old backup brought back; None: nobody."""
    tombstones = read_tombstones(home)
    if not tombstones.digests:
        return None
    Archiver(client, home, settings).run(burst=True)
    known = customers_of(home) | frozenset(load_people(home)["alias"])
    names = {name for name in known if tombstones.holds("customer", name)}
    return finish_erasures(home, client, settings, names) if names else None


def forget_erased_in_model(home: Home, version: str) -> None:
    """Take erased people out of a model whose training had read the history before they were erased."""
    tombstones = read_tombstones(home)
    if tombstones.digests and (names := _erased_names(home, version, tombstones)):
        forget_customers(home.models, names)


def _erased_names(home: Home, version: str, tombstones: Tombstones) -> list[str]:
    customers = versions.load(home.models, version).tables.customers
    names = (customers.name(row) for row in range(len(customers)))
    return [name for name in names if tombstones.holds("customer", name)]
