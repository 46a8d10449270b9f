from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.home import Home
from training.errors import BadDataset
from training.evaluate.demo import evaluate_demo, planted_complements

from bundles import item, small_bundle, write_small


def planted(*products: str) -> dict[str, list[dict[str, str]]]:
    return {"complements": [{"product_id": product} for product in products]}


def test_only_what_may_be_shown_is_asked_for() -> None:
    (case,) = planted_complements({"kettle": planted("tea", "postage"), "mug": planted()}, small_bundle())
    assert case.request.product_id == "kettle"
    assert case.truth.tolist() == [item("tea")]


def test_the_share_of_planted_complements_by_hand(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_small(home.models)
    (tmp_path / "demo").mkdir()
    truth = {"products": {"kettle": planted("tea"), "tea": planted("tin")}}
    (tmp_path / "demo" / "truth.json").write_text(json.dumps(truth))
    found = evaluate_demo(home)
    assert found.cases == 2
    assert found.metrics["perennial"]["recall@5"]["value"] == 1.0
    assert found.metrics["popularity"]["recall@5"]["value"] == 0.5  # tin sells least


def test_a_home_without_a_demo_shop_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match="perennial demo"):
        evaluate_demo(Home(tmp_path))
