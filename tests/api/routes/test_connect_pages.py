"""The pages of docs/connect: short, and what they tell a shop to type is answered well."""

import re
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest

import perennial
from features.cli.connect import connect

PAGES = sorted((Path(__file__).parents[3] / "docs" / "connect").glob("*.md"))
HOST = "https://recs.shop.example"
ON_THE_PAGE = {"pk_...": "pk_demo", "sk_...": "sk_demo"}


def commands(page: Path, program: str) -> list[list[str]]:
    """Its commands that begin with the program, as words."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    texts = [text for block in blocks for text in re.split(r"\n(?=[a-z#])", block)]
    return [shlex.split(text) for text in texts if text.startswith(f"{program} ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_and_its_questions_are_answered(page: Path, url: str, http: httpx.Client) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 40
    linked = {"product_id": "tea", "url": "https://shop.example/tea"}  # feeds need a link
    http.put("/v1/catalogue", json={"products": [linked]})
    for words in commands(page, "curl"):
        asked = [_filled(word, url) for word in words]
        done = subprocess.run(
            [*asked, "-sS", "--fail-with-body"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr, done.stdout)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    assert perennial.app  # which registers them
    known = {command.name for command in connect.registered_commands}
    named = {words[2] for words in commands(page, "perennial") if words[1] == "connect" and len(words) > 2}
    assert {name for name in named if not name.startswith("-")} <= known


def _filled(word: str, url: str) -> str:
    for shown, real in {HOST: url, **ON_THE_PAGE}.items():
        word = word.replace(shown, real)
    return word
