"""What a home says of its trainings."""

from pathlib import Path

import pytest

from features.home import Home
from features.store.trainings import (
    ask_training,
    asked_training,
    is_training,
    last_training,
    noted_training,
)

from factories import NOW


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "shop")


def test_before_the_first_training_there_is_nothing(home: Home) -> None:
    assert (asked_training(home), last_training(home), is_training(home)) == (None, None, False)


def test_what_was_asked_for_is_forgotten_when_it_begins(home: Home) -> None:
    ask_training(home, NOW, "Jo")
    asked = asked_training(home)
    assert asked
    assert (asked.at, asked.by) == (NOW, "Jo")
    with noted_training(home):
        assert asked_training(home) is None
        assert is_training(home)
    assert not is_training(home)


def test_its_progress_and_its_end_can_be_read(home: Home) -> None:
    with noted_training(home) as noted:
        noted.report("Customers", 1, 3)
        running = last_training(home)
        assert running
        assert (running.stage, running.done, running.total, running.ended_at) == ("Customers", 1, 3, None)
        noted.ended("v1", ("too small",))
    last = last_training(home)
    assert last
    assert last.ended_at
    assert (last.version, last.published, last.reasons) == ("v1", False, ("too small",))


def test_what_it_raises_is_its_problem(home: Home) -> None:
    with pytest.raises(ValueError, match="no orders"), noted_training(home):
        raise ValueError("no orders")
    last = last_training(home)
    assert last
    assert (last.problem, last.published) == ("no orders", False)


def test_a_file_that_cannot_be_read_says_nothing(home: Home) -> None:
    (home.models / "training.json").write_text("{")
    assert last_training(home) is None
