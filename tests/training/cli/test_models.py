"""What people publish: refused versions only with `--force`, which is said and logged."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from features.home import Home
from recommender.model import versions
from recommender.model.bundle_files import sha256
from training.cli.models import models

from bundles import VERSION, write_small

REFUSED = "2026-11-23T10-00-00Z"
WHY = "it has 88 orders, the model that serves 500"


@pytest.fixture
def shop(tmp_path: Path) -> Home:
    """A home that serves VERSION and holds one that training refused."""
    home = Home(tmp_path / "shop")
    write_small(home.models, REFUSED)
    manifest_file = home.models / REFUSED / "manifest.json"
    manifest = msgspec.json.decode(manifest_file.read_bytes())
    manifest_file.write_bytes(msgspec.json.encode(manifest | {"refused": [WHY]}))
    versions.seal(home.models, REFUSED, sha256(manifest_file))
    (home.models / versions.CURRENT).unlink()
    write_small(home.models)
    return home


def said(home: Home, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(models, [*words, "--home", str(home.root)])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def serving(home: Home) -> str:
    pointer = versions.current(home.models)
    assert pointer
    return pointer.version


def test_a_refused_version_is_not_published_without_a_word(shop: Home) -> None:
    answer = said(shop, "publish", REFUSED, code=1)
    assert WHY in answer
    assert "--force" in answer
    assert serving(shop) == VERSION
    assert "refused" in said(shop, "list")


def test_force_is_said_and_logged_and_rolled_back(shop: Home) -> None:
    assert WHY in said(shop, "publish", REFUSED, "--force")
    assert serving(shop) == REFUSED
    assert VERSION in said(shop, "rollback")
    assert serving(shop) == VERSION
    lines = (shop.models / "publications.jsonl").read_text().splitlines()
    noted = [json.loads(line) for line in lines]
    assert [each["how"] for each in noted] == ["forced", "rolled back to"]
    assert noted[0]["refused"] == [WHY]


def test_a_rollback_passes_over_a_damaged_version(shop: Home) -> None:
    newest = "2026-11-24T10-00-00Z"
    write_small(shop.models, "2026-11-22T11-00-00Z")
    write_small(shop.models, newest)
    (shop.models / "2026-11-22T11-00-00Z" / "titles.blob.npy").write_bytes(b"")
    assert VERSION in said(shop, "rollback")
    assert serving(shop) == VERSION
