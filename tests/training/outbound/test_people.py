"""Who is who at a service: by the shop's id, else by the digest of an address."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import redis

from features.home import Home
from features.people.aliases import add_links, link
from features.people.names import people_key
from features.store.tombstones import add_tombstones
from training.outbound.destination import Contact, Message, Unavailable, Update
from training.outbound.people import OVERLAP, forget_erased, refresh
from training.outbound.state import Had, Known, SentState

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Directory:
    """A service that has contacts, and nothing else. asked: since when they were asked for."""

    batch, keeps_contacts, takes_orders = 1, True, False

    def __init__(self, *contacts: Contact) -> None:
        self.contacts, self.asked = contacts, list[datetime | None]()

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        self.asked.append(since)
        yield self.contacts

    def prepare(self) -> str:
        return ""

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def tell(self, message: Message) -> None: ...

    def erase(self, contact: str) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def state(home: Home) -> Iterator[SentState]:
    with closing(SentState.of(home, "directory")) as state:
        yield state


def test_an_address_finds_its_customer_and_the_shops_id_counts_more(home: Home, state: SentState) -> None:
    digest = str(people_key(home).email("ann@shop.example"))
    add_links(home, link(digest, "ann", "email", NOW))
    contacts = [
        Contact("1", None, " Ann@Shop.example", True),
        Contact("2", "bob", "shared@shop.example", None),
        Contact("3", "carl", "ann@shop.example", False),
        Contact("4", None, None, True),
    ]
    refresh(Directory(*contacts), state, home, NOW)
    assert state.known(["ann", "bob", "carl"]) == {
        "ann": Known("3", False),
        "bob": Known("2", None),
        "carl": Known("3", False),
    }
    only_by_address = str(people_key(home).email("shared@shop.example"))
    assert state.known([only_by_address]) == {only_by_address: Known("2", None)}


def test_who_signs_in_later_is_found_under_the_new_name(home: Home, state: SentState) -> None:
    directory = Directory(Contact("1", None, "ann@shop.example", True))
    refresh(directory, state, home, NOW)
    directory.contacts = ()
    add_links(home, link(str(people_key(home).email("ann@shop.example")), "ann", "email", NOW))
    refresh(directory, state, home, NOW + timedelta(hours=1))
    assert state.known(["ann"]) == {"ann": Known("1", True)}
    assert directory.asked == [None, NOW - OVERLAP]


def test_who_was_erased_is_not_learned_again(home: Home, client: redis.Redis, state: SentState) -> None:
    add_tombstones(home, client, [("customer", "ann")])
    refresh(Directory(Contact("1", "ann", None, True)), state, home, NOW)
    assert state.known(["ann"]) == {}


def test_who_was_erased_while_they_were_sent_is_forgotten_in_the_next_round(
    home: Home, client: redis.Redis, state: SentState
) -> None:
    forget_erased(state, home)
    add_tombstones(home, client, [("customer", "ann")])
    state.sent([("ann", Had("1", b"digest", None)), ("bob", Had("2", b"digest", None))])
    forget_erased(state, home)
    assert (state.names(), state.erasures()) == (["bob"], ["1"])


def test_a_service_that_tells_the_same_page_for_ever_is_left(home: Home, state: SentState) -> None:
    class Endless(Directory):
        def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:  # noqa: ARG002
            while True:
                yield self.contacts

    with pytest.raises(Unavailable, match="same page"):
        refresh(Endless(Contact("1", "ann", None, True)), state, home, NOW)
