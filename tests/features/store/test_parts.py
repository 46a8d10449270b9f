"""A part whose round fails goes on, and others can see it."""

import logging
import os
from datetime import UTC, datetime, timedelta

import pytest

from features.home import Home
from features.store.parts import STATE_BYTES, Part, part_states


def test_a_failed_round_ends_nothing_and_is_counted(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    part = Part("archiver", home)
    for _ in range(3):
        with part.round():
            raise RuntimeError("ann@example.com")
    state = part_states(home, datetime.now(UTC))["archiver"]
    assert (state.failing, state.failures, state.problem) == (3, 3, "RuntimeError")
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    with part.round():
        pass
    state = part_states(home, datetime.now(UTC))["archiver"]
    assert (state.failing, state.failures, state.problem) == (0, 3, None)
    assert (home.state / "archiver.json").stat().st_size == STATE_BYTES


def test_an_expected_failure_is_no_error_of_the_log(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    part = Part("keys", home)
    with part.round(KeyError):
        os.environ["NOT_SET"]
    assert part.state.failing == 1
    assert not caplog.records


def test_the_system_says_why(home: Home) -> None:
    part = Part("archiver", home)
    with part.round():
        (home.root / "no such").read_bytes()
    assert part.state.problem == "FileNotFoundError: No such file or directory"


def test_a_damaged_state_is_left_out(home: Home) -> None:
    (home.state / "odd.json").write_bytes(b"{")
    assert part_states(home, datetime.now(UTC)) == {}


@pytest.mark.parametrize(("every_s", "failing"), [(60.0, 1), (0.0, 0), (120.0, 0)])
def test_a_part_that_hangs_or_ended_is_seen(home: Home, every_s: float, failing: int) -> None:
    with Part("triggers", home, every_s=every_s).round():
        pass
    later = datetime.now(UTC) + timedelta(seconds=700)
    state = part_states(home, later)["triggers"]
    assert state.failing == failing
    assert (state.problem or "").startswith("nothing heard of it since 20" if failing else "")
