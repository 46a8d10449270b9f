import os
from pathlib import Path

import pytest

from features.home import Home
from features.store.locks import HomeInUse, serve_lock, try_lock, unlock


def test_a_second_serve_is_refused_with_the_address_of_the_first(home: Home) -> None:
    with serve_lock(home, "http://127.0.0.1:8000"):
        message = f"is already served by process {os.getpid()} at http://127.0.0.1:8000; stop it first"
        with pytest.raises(HomeInUse, match=message), serve_lock(home, "http://127.0.0.1:9000"):
            pass
    with serve_lock(home, "http://127.0.0.1:9000"):
        assert (home.root / "serve.lock").read_text() == f"{os.getpid()} http://127.0.0.1:9000"


def test_a_lock_has_one_holder_until_it_is_released(tmp_path: Path) -> None:
    first = try_lock(tmp_path / "lock")
    assert first is not None
    assert try_lock(tmp_path / "lock") is None
    unlock(first)
    second = try_lock(tmp_path / "lock")
    assert second is not None
    unlock(second)
