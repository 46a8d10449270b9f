"""Load tests know Perennial from outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "loadtests"
PACKAGES = {"api", "features", "recommender", "training"}


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_only_commands_that_run_by_themselves_look_inside(path: Path) -> None:
    names = set(imported(path))
    if path.parent.name == "inside":
        return
    assert not {name for name in names if name.partition(".")[0] in PACKAGES}
    assert not {name for name in names if name.startswith("loadtests.inside")}
