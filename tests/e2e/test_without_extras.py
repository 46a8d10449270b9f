"""`pip install perennial` alone: what serves works, the rest names its extra."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import run

import httpx
import pytest

from features.extras import extra_of, is_installed
from features.home import Home

from bundles import write_small
from serving import ROOT, running

ABSENT = ("defusedxml", "fastexcel", "gevent", "implicit", "locust", "polars", "scipy", "threadpoolctl")
# Python reads a sitecustomize before anything else, in children, too.
WITHOUT = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {ABSENT} else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; processes started from here find only serving's libraries."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    (tmp_path / "orders.csv").write_text("customer_id,date\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    return tmp_path


def perennial(folder: Path, *words: str) -> tuple[int, str]:
    done = run(
        [sys.executable, "-P", "-m", "perennial", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["train"], "training"),
        (["import", "orders", "orders.csv"], "training"),
        (["report", "kpi"], "training"),
        (["evaluate", "session", "orders.csv"], "training"),
        (["demo"], "training"),
        (["triggers", "--dry-run"], "training"),
        (["serve", "--role", "worker"], "training"),
        (["bench", "--quick"], "training"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_names_the_extra_that_it_needs(bare: Path, words: Sequence[str], extra: str) -> None:
    code, said = perennial(bare, *words)
    assert f"this needs perennial[{extra}]: pip install 'perennial[{extra}]'" in said
    assert "Traceback" not in said
    assert code == 1


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["keys", "list"], ["models", "list"]])
def test_serving_needs_no_extra(bare: Path, words: Sequence[str]) -> None:
    code, said = perennial(bare, *words)
    assert code == 0, said
    assert "perennial[" not in said


def test_it_serves_without_extras(bare: Path) -> None:
    write_small(Home(bare / "shop").models)
    with running("serve", "--home", str(bare / "shop")) as (_, url):
        answer = httpx.get(f"{url}/v1/recommendations?placement=home&k=3", timeout=10).json()
        assert len(answer["items"]) == 3


@pytest.mark.parametrize(
    ("module", "extra"),
    [("polars", "training"), ("scipy.sparse", "training"), ("locust", "loadtest"), ("fastapi", None)],
)
def test_an_extra_is_known_by_its_modules(module: str, extra: str | None) -> None:
    assert extra_of(module) == extra


def test_all_extras_are_installed_here() -> None:
    assert is_installed("training")
    assert is_installed("loadtest")
