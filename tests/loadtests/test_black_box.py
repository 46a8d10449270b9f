"""Load tests know Perennial from outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "loadtests"
PACKAGES = {"api", "features", "recommender", "training"}


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_only_commands_that_run_by_themselves_look_inside() -> None:
    outside = [path for path in FOLDER.rglob("*.py") if path.parent.name != "inside"]
    assert [
        (str(path.relative_to(FOLDER)), name)
        for path in outside
        for name in imported(path)
        if name.partition(".")[0] in PACKAGES or name.startswith("loadtests.inside")
    ] == []
