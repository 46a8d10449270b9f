"""Rules about the code itself that no linter knows."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "recommender", "features", "training", "loadtests")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TRAINING_LIBRARIES = {"implicit", "polars", "scipy", "fastexcel", "defusedxml", "threadpoolctl"}


def test_redis_keys_are_named_in_one_file() -> None:
    from features.keys import TAG

    named = {path.name for path in SOURCES if TAG in path.read_text() or "perennial}" in path.read_text()}
    assert named == {"keys.py"}


def test_a_serving_process_imports_no_training_library() -> None:
    code = (
        "import perennial, api.app, api.serve, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert TRAINING_LIBRARIES.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                assert (body[-1].end_lineno or 0) - body[0].lineno < 40, node.name


def test_nothing_is_pickled() -> None:
    assert [path for path in SOURCES if "import pickle" in path.read_text()] == []


def test_the_changelog_names_this_version() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
