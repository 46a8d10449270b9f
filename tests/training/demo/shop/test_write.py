from collections import Counter, defaultdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from features.events.vocabulary import parse_event
from training.demo.shop import write_demo_shop

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_seed_fixes_every_byte_and_another_seed_is_another_shop(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        write_demo_shop(tmp_path / name, seed=seed, now=NOW, customers=60, products=90)
    one, same, other = (digests(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one["events.jsonl.gz"] != other["events.jsonl.gz"]


def test_progress_is_reported_up_to_its_end(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    write_demo_shop(tmp_path, now=NOW, customers=30, products=60, report=lambda *step: steps.append(step))
    assert ("Living two years", 30, 30) in steps


def test_every_event_is_one_of_our_vocabulary_in_the_order_of_time(shop: Any) -> None:
    received_at = datetime(2027, 1, 1, tzinfo=UTC)
    events = [parse_event(raw, received_at, "none") for raw in shop.events]
    times = [event.timestamp for event in events]
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert len({event.event_id for event in events}) == len(events)


def test_the_shop_is_as_big_as_promised(shop: Any) -> None:
    counts = Counter(event["type"] for event in shop.events)
    assert len(shop.page["products"]) == 150
    assert len(shop.table("truth_customers.csv")) == 900
    assert 2_000 < counts["purchase"] < 5_000
    assert 30 < len(shop.events) / 900 < 75
    assert 0.02 < counts["refund"] / counts["purchase"] < 0.05
    assert counts == shop.truth["statistics"]["events"]


def test_a_full_range_has_800_products_in_a_dozen_categories() -> None:
    import numpy as np

    from training.demo.shop.catalogue import build_catalogue

    products = build_catalogue(np.random.default_rng(7), NOW, 800)
    assert len(products) == 800
    assert len({product.category for product in products}) == 12
    assert len({product.title for product in products}) == 800
    assert len({product.description for product in products}) == 800
    assert all(0 < product.cost < product.paid <= product.price for product in products)


def test_orders_know_only_products_on_sale_by_then(shop: Any) -> None:
    launched = {name: truth["launched"] for name, truth in shop.truth["products"].items()}
    extras = {"POSTAGE", "GIFTCARD25"}
    for event in shop.orders:
        for item in event["order"]["items"]:
            if item["product_id"] not in extras:
                assert launched[item["product_id"]] <= event["timestamp"].replace("Z", "+00:00")


def test_an_anonymous_browser_becomes_the_customer_who_buys(shop: Any) -> None:
    identified = {(e["anonymous_id"], e["customer_id"]) for e in shop.events if e["type"] == "identify"}
    anonymous_views = {
        e["anonymous_id"] for e in shop.events if e["type"] == "view" and "customer_id" not in e
    }
    assert len(identified) >= 900
    assert sum(anonymous_id in anonymous_views for anonymous_id, _ in identified) > 450
    assert any("customer_id" not in event for event in shop.orders)  # guests


@pytest.mark.parametrize("key", ["new", "returning", "vip"])
def test_shoppers_are_who_they_say(shop: Any, key: str) -> None:
    shopper = next(shopper for shopper in shop.page["shoppers"] if shopper["key"] == key)
    customers = {row["customer_id"]: row for row in shop.table("truth_customers.csv")}
    if key == "new":
        assert shopper["customer_id"] is None
        return
    customer = customers[shopper["customer_id"]]
    assert customer["alive"] == "1"
    if key == "returning":
        assert 3 <= int(customer["orders"]) <= 6
        assert customer["refills"] != "[]"
    else:
        others = (float(row["revenue"]) for row in customers.values() if row["alive"] == "1")
        assert float(customer["revenue"]) == max(others)


def test_channels_cost_what_their_customers_cost(shop: Any) -> None:
    rows = shop.table("channels.csv")
    cost = defaultdict[str, float](float)
    for row in rows:
        cost[row["channel"]] += float(row["cost"])
    assert len({row["month"] for row in rows}) == 25
    assert cost["organic"] == 0 < cost["newsletter"] < cost["google_ads"]
