"""A home is its owner's alone."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from features.home import Home
from features.merchant.api_keys import add_demo_keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings

from bundles import write_small


def open_to_others(root: Path) -> list[str]:
    paths = [root, *root.rglob("*")]
    return [f"{path} {path.stat().st_mode:o}" for path in paths if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_nobody_else_reads_a_home_even_one_that_was_open(tmp_path: Path, settings: StoreSettings) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    root.chmod(0o755)
    home = Home(root)
    before = os.umask(0o077)  # as the commands and the service set it
    try:
        write_small(home.models)
        add_demo_keys(home, None, datetime.now(UTC))
        with RedisServer(home, settings):
            assert open_to_others(root) == []
    finally:
        os.umask(before)


def test_a_new_home_is_private_whatever_the_umask(tmp_path: Path) -> None:
    assert open_to_others(Home(tmp_path / "far" / "shop").events.parent) == []
