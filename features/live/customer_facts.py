"""Facts in a customer's events beside shopping: identity, consents, satisfaction.

Only lifecycle and offer decisions read them; recommendations do not. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

import msgspec

from features.events.consents import ADVERTISING, ALL_CHANNELS, CONSENTS, PROFILING, Channel, is_yes
from features.events.vocabulary import Event
from features.live.log_entry import LogEntry
from features.live.shopper_state import (
    NO_PROFILING,
    REVERSAL_TYPES,
    VIEW_TYPES,
    ShopperState,
    change_quantities,
    in_time_order,
    milliseconds,
    state_of,
)

STATUS, ISSUE = "status:", "issue:"
ORDER_STATUSES = frozenset({"confirmed", "packed", "shipped", "ready", "delivered", "delayed"})
CLOSED = frozenset({"closed", "solved", "resolved", "done"})
PLACED = frozenset({"consent", "identify", "purchase"})  # their country and language are the customer's
DEMOGRAPHICS = ("birthday", "gender", "city", "region", "postcode", "company", "occupation", "household")
STATED = (*DEMOGRAPHICS, "timezone")  # properties of `identify` that are kept, where they are texts
POINTS_ADDED, POINTS_REDEEMED = "points:added", "points:redeemed"
MAX_FACT_LENGTH = 200  # characters
Reader = Callable[[int, Mapping[str, Any]], Iterator["Fact"]]


class Fact(NamedTuple):
    """A named fact. earliest: the first value under its name is kept, instead of the last; adds: the values
    are added up."""

    name: str
    at_ms: int
    value: str
    earliest: bool = False
    adds: bool = False


class DatedFact(NamedTuple):
    """A fact's value and its time."""

    at_ms: int
    value: str


class Look(NamedTuple):
    """A customer's interest in a product. last_ms: newest event; times: number of views, clicks and wishes;
    wished: on the wish list."""

    last_ms: int
    times: int
    wished: bool


@dataclass(frozen=True, slots=True)
class CustomerState:
    """What lifecycle decisions use of a customer's events. Times: UTC milliseconds, 0: never.

    looks: product -> Look; cart_since_ms: when the cart last began to fill; cart_changed_ms: its last change;
    taken_back_ms: the newest refund or cancellation; facts: name -> newest `DatedFact`; refuses_profiling:
    they said no to it, and of their shopping nothing is kept.
    """

    shopper: ShopperState = field(default_factory=ShopperState)
    looks: Mapping[str, Look] = field(default_factory=dict)
    cart_since_ms: int = 0
    cart_changed_ms: int = 0
    taken_back_ms: int = 0
    reviewed: frozenset[str] = frozenset()
    facts: Mapping[str, DatedFact] = field(default_factory=dict)
    refuses_profiling: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether no events or facts of the customer are stored."""
        return not self.facts and self.shopper.last_seen_ms == 0

    def at_ms(self, name: str) -> int:
        """Time of a fact; 0: there is none."""
        fact = self.facts.get(name)
        return fact.at_ms if fact else 0

    def value(self, name: str) -> str | None:
        """Value of a fact; None: there is none."""
        fact = self.facts.get(name)
        return fact.value if fact else None

    def number(self, name: str) -> float | None:
        """A fact as a number; None: there is none, or it is not a number."""
        try:
            return float(self.facts[name].value)
        except (KeyError, ValueError):
            return None

    def consents(self, channel: str) -> bool | None:
        """The last consent (True) or refusal (False) for this channel or for all; None: neither yet."""
        facts = [self.facts[name] for name in _consent_names(channel) if name in self.facts]
        return max(facts, key=lambda each: (each.at_ms, each.value == "0")).value == "1" if facts else None

    def all_consents(self) -> dict[str, bool]:
        """Channel -> last consent or refusal, of the channels that have one."""
        consents = {channel: self.consents(channel) for channel in get_args(Channel)}
        stated = self.value(f"consent:{PROFILING}")
        consents[PROFILING] = False if self.refuses_profiling else None if stated is None else stated == "1"
        has_answered = f"consent:{ADVERTISING}" in self.facts
        consents[ADVERTISING] = self.allows_advertising if has_answered else None
        return {channel: given for channel, given in consents.items() if given is not None}

    @property
    def allows_advertising(self) -> bool:
        """Whether they agreed to be named to ad platforms, and did not object to profiling."""
        return not self.refuses_profiling and self.value(f"consent:{ADVERTISING}") == "1"

    def named(self, prefix: str) -> Iterator[tuple[str, DatedFact]]:
        """Facts about many things of a kind: what each is about, and the fact."""
        return ((name.removeprefix(prefix), f) for name, f in self.facts.items() if name.startswith(prefix))

    def open_tickets(self) -> Iterator[int]:
        """Time of the last event of each open ticket, UTC milliseconds."""
        tickets = (fact for name, fact in self.facts.items() if name.startswith("ticket:"))
        return (fact.at_ms for fact in tickets if fact.value != "closed")


def facts_of(event: Event) -> list[Fact]:
    """The facts about the customer in an event."""
    at_ms, properties = milliseconds(event.timestamp), event.properties or {}
    reader = _READERS.get(event.type)
    facts = list(reader(at_ms, properties)) if reader else []
    return facts + _country_and_language(at_ms, event) if event.type in PLACED else facts


def packed_facts(event: Event) -> bytes:
    """`facts_of` as JSON for the ingest script; empty if there are none."""
    facts = facts_of(event) if event.type in _READERS or event.type in PLACED else ()
    return (
        msgspec.json.encode([(f.name, str(f.at_ms), f.value, f.earliest, f.adds) for f in facts])
        if facts
        else b""
    )


def parse_facts(stored: Mapping[bytes, bytes]) -> dict[str, DatedFact]:
    """Parse facts as stored in Redis: name -> `<ms> <value>`; unreadable ones are skipped."""
    facts = {}
    for name, packed in stored.items():
        at, _, value = packed.decode(errors="replace").partition(" ")
        if at.isdecimal():
            facts[name.decode(errors="replace")] = DatedFact(int(at), value)
    return facts


def fold_customer(entries: Iterable[bytes], facts: Mapping[str, DatedFact]) -> CustomerState:
    """A customer's state from facts and log entries, newest arrival first."""
    entries, said = list(entries), facts.get(f"consent:{PROFILING}")
    log = in_time_order(entries)
    cart_since_ms, cart_changed_ms = _cart_times(log)
    return CustomerState(
        shopper=state_of(log),
        looks=_looks(log),
        cart_since_ms=cart_since_ms,
        cart_changed_ms=cart_changed_ms,
        taken_back_ms=max((entry.at_ms for entry in log if entry.type in REVERSAL_TYPES), default=0),
        reviewed=frozenset(p for entry in log if entry.type == "review" for p in entry.product_ids),
        facts=facts,
        refuses_profiling=NO_PROFILING in entries or (said is not None and said.value == "0"),
    )


def _consent_names(channel: str) -> tuple[str, str]:
    return f"consent:{channel}", f"consent:{ALL_CHANNELS}"


def _consents(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    for channel, given in properties.items():
        if channel in CONSENTS and (is_given := is_yes(given)) is not None:
            yield Fact(f"consent:{channel}", at_ms, "1" if is_given else "0")


def _identity(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact("known", at_ms, "1", earliest=True)
    for name in STATED:
        value = properties.get(name)
        if isinstance(value, str) and len(value) <= MAX_FACT_LENGTH:
            yield Fact(name, at_ms, value)


def _ticket(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    status = "closed" if str(properties.get("status", "")).lower() in CLOSED else "open"
    yield Fact(f"ticket:{properties.get('ticket_id', '')}"[:MAX_FACT_LENGTH], at_ms, status)


def _number(name: str, property_name: str) -> Reader:
    def read(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
        number = properties.get(property_name)
        if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= 1_000:
            yield Fact(name, at_ms, f"{number:g}")

    return read


def _loyalty(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    points = float(properties.get("points", 0))
    yield Fact(POINTS_ADDED if points > 0 else POINTS_REDEEMED, at_ms, f"{abs(points):.10g}", adds=True)


def _order_status(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    """`status` of the order `order_id`; of a delay with the day on which it is `expected`."""
    order, status = properties.get("order_id"), str(properties.get("status", "")).lower()
    if order and status in ORDER_STATUSES:
        value = f"{status} {properties.get('expected', '')}".strip()
        yield Fact(f"{STATUS}{order}"[:MAX_FACT_LENGTH], at_ms, value[:MAX_FACT_LENGTH])


def _product_issue(at_ms: int, properties: Mapping[str, Any]) -> Iterator[Fact]:
    """What is wrong with a product that they bought, in the shop's words."""
    if product := properties.get("product_id"):
        yield Fact(
            f"{ISSUE}{product}"[:MAX_FACT_LENGTH], at_ms, str(properties.get("issue", ""))[:MAX_FACT_LENGTH]
        )


def _referral(at_ms: int, _properties: Mapping[str, Any]) -> Iterator[Fact]:
    yield Fact("referral", at_ms, "1")


_READERS: dict[str, Reader] = {
    "consent": _consents,
    "identify": _identity,
    "ticket": _ticket,
    "survey": _number("survey", "score"),
    "review": _number("rating", "rating"),
    "referral": _referral,
    "loyalty": _loyalty,
    "order_status": _order_status,
    "product_issue": _product_issue,
}


def _country_and_language(at_ms: int, event: Event) -> list[Fact]:
    if event.context is None:
        return []
    values = {"country": event.context.country, "language": event.context.language}
    return [
        Fact(name, at_ms, value) for name, value in values.items() if value and len(value) <= MAX_FACT_LENGTH
    ]


def _looks(log: list[LogEntry]) -> dict[str, Look]:
    looks: dict[str, Look] = {}
    for entry in log:
        if entry.type in VIEW_TYPES:
            for product in entry.product_ids:
                before = looks.pop(product, Look(0, 0, False))
                wished = before.wished or entry.type == "wishlist"
                looks[product] = Look(entry.at_ms, before.times + 1, wished)
    return looks


def _cart_times(log: list[LogEntry]) -> tuple[int, int]:
    """When the cart began to fill, and its last change, UTC milliseconds; both 0 while it is empty."""
    cart: dict[str, float] = {}
    since = changed = 0
    for entry in log:
        if entry.type in {"add_to_cart", "remove_from_cart"}:
            change_quantities(cart, entry, 1 if entry.type == "add_to_cart" else -1)
            changed = entry.at_ms
        elif entry.type == "purchase":
            for product in entry.product_ids:
                cart.pop(product, None)
        if not any(quantity > 0 for quantity in cart.values()):
            since = 0
        elif since == 0:
            since = entry.at_ms
    return (since, changed) if since else (0, 0)
