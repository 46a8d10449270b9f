"""Rules about the code itself that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "recommender", "features", "training", "loadtests")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TRAINING_LIBRARIES = {"implicit", "polars", "scipy", "fastexcel", "defusedxml", "threadpoolctl", "httpx"}


def test_redis_keys_are_named_in_one_file() -> None:
    from features.store.keys import TAG

    named = {path.name for path in SOURCES if TAG in path.read_text() or "perennial}" in path.read_text()}
    assert named == {"keys.py"}


def test_a_serving_process_needs_no_training_library() -> None:
    """Where none is installed; where one is, numba looks at scipy's version."""
    code = (
        f"import sys; sys.modules |= dict.fromkeys({sorted(TRAINING_LIBRARIES)})\n"
        "import perennial, api.process.app, api.process.serve, faiss; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {"numba", "faiss"} <= set(loaded.stdout.split())


def test_the_command_line_loads_no_numpy() -> None:
    """Its threads are limited before it is loaded, in the process that serves."""
    code = "import sys, perennial; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_files_and_functions_are_short() -> None:
    assert [long for path in SOURCES for long in _long(path)] == []


def _long(path: Path) -> Iterator[str]:
    """Itself where a file has more than 300 lines, and its functions of more than 40."""
    text, name = path.read_text(), str(path.relative_to(ROOT))
    if text.count("\n") > 300:
        yield name
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno >= 40:
                yield f"{name}: {node.name}"


NAMED_TUPLES = {"_replace", "_fields", "_asdict", "_make"}  # public, whatever they look like
INSIDES = (
    "numba.core",
    "numba.np",
    "uvicorn.protocols",
    "prometheus_client.values",
    "prometheus_client.mmap_dict",
)


def test_libraries_are_used_by_public_names() -> None:
    used = {str(path.relative_to(ROOT)): _private_names(path) for path in SOURCES}
    assert {file: names for file, names in used.items() if names} == {}


def _private_names(path: Path) -> set[str]:
    """Those that a file uses and does not give itself, and private modules that it imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    ours = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    asked = {node.attr for node in attributes if ast.unparse(node.value) not in {"self", "cls", "super()"}}
    private = {name for name in asked if name.startswith("_") and not name.startswith("__")}
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    inside = {name for name in modules if name.startswith(INSIDES) or "._" in name}
    return private - ours - NAMED_TUPLES | inside


def test_nothing_is_pickled() -> None:
    assert [path for path in SOURCES if "import pickle" in path.read_text()] == []


def test_the_changelog_names_this_version() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


EVALUATE = ROOT / "training" / "evaluate"
ASKS = {
    "context.request",
    "model.availability",
    "model.bundle",
    "model.versions",
    "recommend",
}  # to ask, not to score


RANKING = ["tasks/next_basket", "tasks/session", "tasks/cart", "datasets/interactions"]


@pytest.mark.parametrize("task", RANKING)
def test_a_ranking_task_leaves_it_to_the_exam_what_serves(task: str) -> None:
    text = (EVALUATE / f"{task}.py").read_text()
    assert "exam.compared(bundle, others, " in text
    assert '"perennial"' not in text
    assert _modules_of(ast.parse(text), "recommender") <= ASKS


@pytest.mark.parametrize("task", ["exam", "tasks/demo"])
def test_an_evaluation_ranks_with_what_serves(task: str) -> None:
    tree = ast.parse((EVALUATE / f"{task}.py").read_text())
    measured = [
        ast.unparse(value)
        for rankers in ast.walk(tree)
        if isinstance(rankers, ast.Dict)
        for key, value in zip(rankers.keys, rankers.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "perennial"
    ]
    assert measured == ["recommended(bundle)"]
    assert _modules_of(tree, "recommender") <= ASKS


def test_recommended_asks_the_recommender_that_serves() -> None:
    tree = ast.parse((ROOT / "training" / "measure" / "compare.py").read_text())
    (function,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "recommended"
    ]
    calls = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    assert "Recommender" in calls
    assert "recommender.recommend" in calls
    assert _modules_of(tree, "recommender") <= ASKS


def _modules_of(tree: ast.Module, package: str) -> set[str]:
    """Which modules of a package it imports from, or a name in it that may be one."""
    found = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for name in (
            [f"{node.module}.{a.name}" for a in node.names]
            if (ROOT / node.module.replace(".", "/")).is_dir()
            else [node.module]
        )
    }
    found |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return {name.removeprefix(f"{package}.") for name in found if name.startswith(f"{package}.")}


def test_files_that_documents_name_are_there() -> None:
    """`at_once.py` of decision 12 is the one that is named because it is gone."""
    files = [f"/{path.relative_to(ROOT)}" for path in SOURCES]
    files += [f"/{path.relative_to(ROOT)}" for path in (*ROOT.glob("*.py"), *(ROOT / "tests").rglob("*.py"))]
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    gone = {
        (page.name, name)
        for page in pages
        if page.name != "CHANGELOG.md"
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text())
        if not any(file.endswith(f"/{name}") for file in files)
    }
    assert gone == {("0012-an-answer-in-one-call.md", "at_once.py")}
