import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from features.importers.content import read_file
from features.importers.refusal import ImportRefused
from features.progress import silent


def test_gzip_is_recognised_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_file(path, silent) == b"a,b\n1,2\n"


@pytest.mark.parametrize("length", [11, 40, 2_000])
def test_a_truncated_gzip_is_refused_whole(tmp_path: Path, length: int) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(5_000).hex().encode())[:length])
    with pytest.raises(ImportRefused, match=r"orders\.csv\.gz is a damaged or incomplete gzip"):
        read_file(path, silent)


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "is empty"), (b" \n\n", "is empty"), (None, "no file")]
)
def test_nothing_to_read_is_said(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "orders.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImportRefused, match=message):
        read_file(path, silent)


def test_reading_reports_bytes(tmp_path: Path) -> None:
    path, steps = tmp_path / "orders.csv", []
    path.write_bytes(b"x" * 100)
    read_file(path, lambda *step: steps.append(step))
    assert steps == [("reading", 100, 100)]


def test_a_gzip_bomb_is_refused_before_it_takes_the_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "orders.csv.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        for _ in range(400):
            file.write(b"order_id,product_id\n" + b"\n" * 999_980)
    tracemalloc.start()
    with pytest.raises(ImportRefused, match="unpacks to more than 100 times its size"):
        read_file(bomb, silent)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150_000_000
