"""One round of a service: erase who is erased, tell what is due, set fields and tell orders that changed.

Whatever stops a round, the next goes on where it stood: what has not arrived is not noted as sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from features.home import Home
from features.outgoing.trigger_queue import TriggerState, read_states
from features.time_units import DAY_MS, HOUR_MS
from recommender.arrays.id_map import IdMap
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.timing import accepts
from recommender.lifecycle.vocabulary.occasion import MessageKind
from recommender.lifecycle.vocabulary.settings import Settings
from training.outbound.destination import ORDER, Destination, Message, Refused, Unavailable, Update
from training.outbound.fields import fields_of
from training.outbound.messages import CANCELLED, MessageBody, collect
from training.outbound.orders import collect_orders
from training.outbound.people import forget_erased, refresh
from training.outbound.state import UNLIKE_ANY, Had, Known, Letter, SentState

if TYPE_CHECKING:
    import redis

MINUTE_MS = 60_000
RUN_AGAIN_MS = DAY_MS  # fields change with the days, too
STEP = 20  # looked at together: what they agree to is as new as that
LETTERS_A_ROUND = 2_000
TRY_AGAIN_MS = (5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, *(hours * HOUR_MS for hours in (2, 5, 10, 14, 20, 24)))
UNKNOWN_AGAIN_MS = 10 * MINUTE_MS
UNKNOWN = "not known there"
STRIKES = 3  # letters in a row that nobody takes end a round


class Round(NamedTuple):
    """What a round needs. client: of the store; goes_on: whether there is time left; is_dry: nothing that is
    told counts as a contact."""

    destination: Destination
    state: SentState
    home: Home
    client: redis.Redis
    knowledge: Knowledge
    settings: Settings
    now_ms: int
    goes_on: Callable[[], bool]
    is_dry: bool = False


def send(this: Round, done: Counter[str]) -> None:
    """Do one round. done: filled with what became of customers and messages, `customers`, `events`, `orders`,
    `erased`, `failed`, `unchanged` and `skipped: <why>`.

    Raises NotTaken, when what was done until then is kept; redis.RedisError; sqlite3.Error.
    """
    forget_erased(this.state, this.home)
    refresh(this.destination, this.state, this.home, datetime.fromtimestamp(this.now_ms / 1000, UTC))
    _erase(this, done)
    collect(this.client, this.knowledge, this.settings, this.state, this.now_ms, is_dry=this.is_dry)
    _tell(this, done)
    model, trouble = this.knowledge.recommender, None
    if model and _begin_run(this, model.bundle.manifest.version):
        trouble = _set_fields(this, model.bundle.tables.customers, done)
    if this.destination.takes_orders:
        collect_orders(this.home, this.state, this.now_ms, partial(_whose_orders, this))
        _tell(this, done, orders=True)
    if trouble:
        raise trouble


def _erase(this: Round, done: Counter[str]) -> None:
    for contact in this.state.erasures():
        try:
            this.destination.erase(contact)
        except Refused as error:
            if not error.is_missing:
                done["failed"] += 1
                continue
        this.state.erased(contact)
        done["erased"] += 1


def _tell(this: Round, done: Counter[str], *, orders: bool = False) -> None:
    """Raises Unavailable where the service takes none of several in a row."""
    strikes = 0
    letters = this.state.due(this.now_ms, LETTERS_A_ROUND, orders=orders)
    for start in range(0, len(letters), STEP):
        step = letters[start : start + STEP]
        names = [each.customer_id for each in step]
        known, states = _known(this, names), read_states(this.client, names)
        for letter, state in zip(step, states, strict=True):
            if not this.goes_on():
                return
            trouble = _try(this, letter, known.get(letter.customer_id), state, done)
            strikes = strikes + 1 if trouble else 0
            if trouble and strikes == STRIKES:
                raise trouble


def _try(
    this: Round, letter: Letter, known: Known | None, state: TriggerState, done: Counter[str]
) -> Unavailable | None:
    """Tell it, or not; the trouble of a service that does not take it now."""
    body = msgspec.json.decode(letter.body, type=MessageBody)
    if letter.expires_ms <= this.now_ms and letter.tries:
        this.state.bury(letter.id, this.now_ms, f"too late; {letter.problem}")
        done["failed"] += 1
    elif letter.expires_ms <= this.now_ms or (known is None and body.kind == ORDER):
        this.state.withdraw(letter.id)
        done[f"skipped: {'too late' if known else UNKNOWN}"] += 1
    elif known is None:
        this.state.postpone(letter.id, this.now_ms + UNKNOWN_AGAIN_MS, UNKNOWN, is_try=False)
    elif not _agrees(this, letter.customer_id, body, known, state):
        this.state.withdraw(letter.id)
        done["skipped: no consent"] += 1
    else:
        return _deliver(this, letter, body, known.contact, done)
    return None


def _agrees(this: Round, name: str, body: MessageBody, known: Known, state: TriggerState) -> bool:
    """Whether they still take it: a letter may have waited for days. That one is off goes to everybody."""
    if body.kind == CANCELLED or (body.kind == ORDER and not body.data["lines"]):
        return True
    if body.kind == ORDER:
        return not _refusal(this, name, known, state)
    customer = this.knowledge.customer(name, state, this.now_ms)
    return accepts(customer, body.data["channel"], cast(MessageKind, body.kind), this.settings)


def _deliver(
    this: Round, letter: Letter, body: MessageBody, contact: str, done: Counter[str]
) -> Unavailable | None:
    """None: this letter is done with."""
    message = Message(letter.id, body.kind, letter.customer_id, contact, body.at, body.data)
    try:
        this.destination.tell(message)
    except Refused as error:
        done["failed"] += 1
        this.state.bury(letter.id, this.now_ms, str(error))
        if error.is_missing:
            this.state.unlearn(letter.customer_id)
    except Unavailable as error:
        if letter.tries >= len(TRY_AGAIN_MS):
            done["failed"] += 1
            this.state.bury(letter.id, this.now_ms, str(error))
        else:
            again_ms = max(TRY_AGAIN_MS[letter.tries], int(error.after_s * 1000))
            this.state.postpone(letter.id, this.now_ms + again_ms, str(error))
        return error
    else:
        this.state.delivered(letter, contact)
        done["orders" if body.kind == ORDER else "events"] += 1
    return None


def _begin_run(this: Round, version: str) -> bool:
    """Whether customers' fields are to be set: where a run was cut off, with a new model, and once a day."""
    if (this.state.noted("run") or "").startswith(f"{version} "):
        return True
    ended_version, _, ended_ms = (this.state.noted("ended") or "").partition(" ")
    if ended_version == version and this.now_ms - int(ended_ms) < RUN_AGAIN_MS:
        return False
    began = datetime.fromtimestamp(this.now_ms / 1000, UTC)
    this.state.note("place", "0")
    this.state.note("run", f"{version} {began:%Y%m%dT%H%M%SZ}")
    return True


def _set_fields(this: Round, customers: IdMap, done: Counter[str]) -> Unavailable | None:
    """Go through all customers of the model, from where the run stands until it ends or time is over.

    What the service does not take is passed over until the next run where it takes what comes after. Raises
    Unavailable where it takes none of several in a row; returns the trouble where the last was not taken.
    """
    version, _, run = (this.state.noted("run") or "").partition(" ")
    step, troubles = max(STEP, this.destination.batch), list[Unavailable]()
    for start in range(int(this.state.noted("place") or 0), len(customers), step):
        if not this.goes_on():
            return None
        rows = range(start, min(start + step, len(customers)))
        names = [name for row in rows if (name := customers.name(row))]  # an erased one has none
        updates = iter(_updates(this, names, done))
        while batch := list(islice(updates, this.destination.batch)):
            _update(this, batch, run, troubles, done)
            if not this.goes_on():  # what is left of this step is looked at again
                return None
        if not troubles:
            this.state.note("place", str(start + step))
    if troubles:
        return troubles[-1]
    this.state.note("ended", f"{version} {this.now_ms}")
    this.state.note("run", "")
    return None


def _update(
    this: Round, batch: Sequence[Update], run: str, troubles: list[Unavailable], done: Counter[str]
) -> None:
    """troubles: since it took something last."""
    try:
        refused = this.destination.update(batch, run)
    except Unavailable as error:
        troubles.append(error)
        if len(troubles) == STRIKES or error.after_s:
            raise
        done["failed"] += len(batch)
    else:
        troubles.clear()
        this.state.sent([(each.customer_id, _had(each, refused)) for each in batch])
        done.update({"failed": len(refused), "customers": len(batch) - len(refused)})


def _had(update: Update, refused: Mapping[str, str]) -> Had:
    """Where it was refused to take fields out, they are still there, and it is tried again."""
    problem = refused.get(update.customer_id)
    if update.fields is None:
        return Had(update.contact, UNLIKE_ANY if problem else None, problem)
    return Had(update.contact, update.fields.digest(), problem)


def _updates(this: Round, names: Sequence[str], done: Counter[str]) -> Iterator[Update]:
    """Of those whose fields are others than they have there; why of the others."""
    known, had = _known(this, names), this.state.had(names)
    for name, trigger_state in zip(names, read_states(this.client, names), strict=True):
        if name not in known:
            done[f"skipped: {UNKNOWN}"] += 1
            continue
        contact, before = known[name].contact, had.get(name)
        if why := _refusal(this, name, known[name], trigger_state):
            done[f"skipped: {why}"] += 1
            if before and before.digest:
                yield Update(name, contact, None)
            continue
        fields = fields_of(this.knowledge, name, trigger_state.life, this.now_ms / 1000)
        if before and (before.contact, before.digest) == (contact, fields.digest()):
            done["unchanged"] += 1
        else:
            yield Update(name, contact, fields)


def _refusal(this: Round, name: str, known: Known, state: TriggerState) -> str:
    """ "" where fields and orders may be sent. What they told the shop counts before the service's word."""
    if state.life.refuses_profiling:
        return "no profiling"
    consent = this.knowledge.consents(name, state.life, "email")
    stated = known.subscribed if consent is None else consent
    return "" if stated or (stated is None and this.settings.consent == "opt_out") else "no consent"


def _whose_orders(this: Round, names: Sequence[str]) -> set[str]:
    """Of these, who is known there and lets their orders be told."""
    known = _known(this, names)
    states = read_states(this.client, list(known))
    return {
        name
        for name, state in zip(known, states, strict=True)
        if not _refusal(this, name, known[name], state)
    }


def _known(this: Round, names: Sequence[str]) -> dict[str, Known]:
    if this.destination.keeps_contacts:
        return this.state.known(names)
    return {name: Known(name) for name in names}
