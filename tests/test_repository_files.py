"""Files that other programs read of this repository: they can be read, and say what the project says."""

import hashlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def made_by(target: str) -> set[str]:
    """The commands of a target of the Makefile."""
    (recipe,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()}


def test_ci_runs_the_projects_own_script_on_each_supported_python() -> None:
    (job,) = read(".github/workflows/ci.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    ((first, beyond),) = re.findall(r"^>=3\.(\d+),<3\.(\d+)$", requires)
    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(int(first), int(beyond))]


def test_a_commit_is_checked_by_what_make_check_runs() -> None:
    (local,) = read(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    assert {hook["entry"] for hook in local["hooks"]} == made_by("check")
    assert {hook["language"] for hook in local["hooks"]} == {"system"}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_an_issue_form_asks_for_what_is_needed(form: Path) -> None:
    fields = yaml.safe_load(form.read_text())
    if form.name == "config.yml":
        assert fields == {"blank_issues_enabled": False}
        return
    assert {"name", "description", "body"} <= fields.keys()
    asked = [part for part in fields["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked)
    assert all(part["attributes"]["label"] for part in asked)
    assert any(part.get("validations", {}).get("required") for part in asked)


def test_both_kinds_of_issues_have_a_form() -> None:
    assert {"bug", "feature"} <= {form.stem for form in FORMS}


def test_the_development_container_is_set_up_as_the_readme_says() -> None:
    folder = ROOT / ".devcontainer"
    container = json.loads((folder / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make install"
    image = (folder / container["build"]["dockerfile"]).read_text().splitlines()[0]
    assert re.fullmatch(r"FROM python:3\.1[123]-slim", image)


def test_security_names_no_address_but_the_private_report() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    assert "private vulnerability reporting" in text
    assert "@" not in text
    for link in re.findall(r"\]\(([^)#]+)", text):
        assert (ROOT / link).exists(), link


def test_what_browsers_get_of_others_is_as_it_was_released() -> None:
    folders = (
        ROOT / "features" / "insights" / "assets" / "uplot",
        ROOT / "api" / "static" / "console" / "htmx",
    )
    written = re.findall(
        r"^\| `(.+)` \| `([0-9a-f]{64})` \|$", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE
    )
    assert set(written) == {
        (file.name, hashlib.sha256(file.read_bytes()).hexdigest())
        for folder in folders
        for file in folder.iterdir()
    }


def test_the_tests_that_the_page_of_reliability_names_exist() -> None:
    page = (ROOT / "docs" / "RELIABILITY.md").read_text(encoding="utf-8")
    file = ""
    for named, test in re.findall(r"`(tests/[a-z_/]+\.py)?(?:::(\w+))?`", page):
        file = named or file
        if named or test:
            assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8"), (file, test)
