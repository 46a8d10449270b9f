import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from features.home import Home
from features.store.files import read_whole, replacing, sweep, write_whole


def write_half(path: Path) -> None:
    with replacing(path) as fresh:
        fresh.write_bytes(b"ne")
        raise RuntimeError("half-way")


def test_a_file_is_replaced_as_a_whole_or_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    assert read_whole(path) is None
    write_whole(path, b"old")
    with pytest.raises(RuntimeError, match="half-way"):
        write_half(path)
    assert read_whole(path) == b"old"
    write_whole(path, b"new")
    assert read_whole(path) == b"new"
    assert [*path.parent.iterdir()] == [path]


def test_whoever_reads_while_it_is_written_finds_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    with replacing(path) as first, replacing(path) as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
        assert read_whole(path) == b"old"
    assert read_whole(path) == b"first"


def test_a_mode_holds_from_the_first_byte(tmp_path: Path) -> None:
    with replacing(tmp_path / "secret", 0o600) as fresh:
        assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("n" * 255), b"")
    assert len(next(tmp_path.iterdir()).name) == 255


def test_two_processes_that_change_a_file_at_once_lose_nothing(
    home: Home, at_once: Callable[[str], None]
) -> None:
    at_once(
        """
from features.store.files import changing, read_whole, write_whole
file = home.root / "count"
for _ in range(25):
    with changing(file):
        write_whole(file, b"%d" % (int(read_whole(file) or 0) + 1))
"""
    )
    assert read_whole(home.root / "count") == b"50"


def test_what_killed_writers_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    left, written, kept = (tmp_path / "folder" / name for name in (".a.partial", ".b.partial", "file"))
    for path in (left, written, kept):
        write_whole(path, b"half")
    for path in (left, kept):
        os.utime(path, (0, 0))
    sweep(tmp_path)
    assert {*(tmp_path / "folder").iterdir()} == {written, kept}
    sweep(tmp_path / "not there")
