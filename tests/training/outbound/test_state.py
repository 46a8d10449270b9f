"""What is kept of what was sent: whole after a crash, and nothing of who was erased.

Covers every_service.py.
"""

import stat
from contextlib import closing
from pathlib import Path

import pytest
import redis

from features.home import Home
from features.store.settings import StoreSettings
from training.outbound.every_service import forget_in_all, held_in_all
from training.outbound.state import Had, Known, Letter, SentState
from training.privacy.erase import erase

from outbound_shop import OutboundShop

EVE = "eve-the-customer"


@pytest.fixture
def state(home: Home) -> SentState:
    return SentState.of(home, "klaviyo")


def everything(home: Home) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((home.root / "outbound").iterdir()))


def test_nothing_of_an_erased_customer_is_left_in_the_file(home: Home, state: SentState) -> None:
    with closing(state):
        state.learn({EVE: Known("K-1", True), "bob": Known("K-2")})
        state.sent([(EVE, Had("K-1", b"digest", None)), ("bob", Had("K-2", b"digest", "400: no"))])
        state.post([Letter(f"{EVE}:birthday:1", EVE, b'{"of": "%b"}' % EVE.encode(), 10)], "1-0", 0)
        assert EVE.encode() in everything(home)
        assert held_in_all(home, [EVE, "nobody"]) == {
            "klaviyo": [{"customer_id": EVE, "contact": "K-1", "fields": True, "orders": 0}]
        }
        forget_in_all(home, [EVE, "another name of hers"])
        assert EVE.encode() not in everything(home)
        assert state.erasures() == ["K-1"]
        assert (list(state.known([EVE, "bob"])), state.waiting()) == (["bob"], 0)
        state.erased("K-1")
        assert state.erasures() == []


def test_erasing_a_customer_reaches_the_service_files_too(home: Home, client: redis.Redis) -> None:
    shop = OutboundShop(home, client, "klaviyo", {})
    with shop.state() as state:
        state.sent([("ann", Had("K-ann", b"digest", None))])
    erase(home, client, StoreSettings(), "ann")
    with shop.state() as state:
        assert state.erasures() == ["K-ann"]


def test_who_was_never_sent_anything_is_not_erased_there(state: SentState) -> None:
    with closing(state):
        state.learn({EVE: Known("K-1")})
        state.forget([EVE])
        assert state.erasures() == []


def test_only_its_owner_reads_it(home: Home, state: SentState) -> None:
    state.close()
    file = home.root / "outbound" / "klaviyo.sqlite"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_letter_is_kept_once_and_withdrawn_while_it_waits(state: SentState) -> None:
    letter = Letter("l-1", "ann", b"{}", 100)
    with closing(state):
        state.post([letter], "1-0", 0)
        state.post([letter], "2-0", 0)
        assert [each.id for each in state.due(0, 10)] == ["l-1"]
        assert state.noted("cursor") == "2-0"
        assert state.withdraw("l-1")
        assert not state.withdraw("l-1")


def test_a_copy_leaves_nothing_in_the_file(home: Home, state: SentState) -> None:
    with closing(state), closing(state.copy()) as copy:
        before = everything(home)
        copy.learn({"ann": Known("K-1")})
        assert list(copy.known(["ann"])) == ["ann"]
        assert (list(state.known(["ann"])), everything(home)) == ([], before)


def test_another_name_of_a_customer_finds_the_contact(state: SentState) -> None:
    with closing(state):
        state.learn({"c-0123": Known("K-1", True)})
        state.rename({"c-0123": "ann"})
        assert state.known(["ann", "c-0123"]) == {"ann": Known("K-1", True)}


def test_many_names_are_asked_at_once(state: SentState) -> None:
    names = [f"c-{n}" for n in range(1_203)]
    with closing(state):
        state.learn({name: Known(f"K-{name}") for name in names})
        assert len(state.known(names)) == len(names)


def test_the_folder_is_the_homes(home: Home, tmp_path: Path) -> None:
    forget_in_all(Home(tmp_path / "nobody"), [EVE])
    assert not (tmp_path / "nobody").exists()
