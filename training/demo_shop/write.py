"""The whole demo shop into one folder."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from features.progress import Report, silent
from training.demo_shop.catalogue import build_catalogue
from training.demo_shop.storefront import (
    CURRENCY,
    NAME,
    TAGLINE,
    shop_categories,
    shop_products,
    write_feed,
    write_pictures,
)


def write_demo_shop(
    folder: Path,
    *,
    seed: int = 7,
    now: datetime,
    customers: int = 6_000,
    products: int = 800,
    report: Report = silent,
) -> None:
    """Invent a shop and two years of its life up to `now` (aware UTC); the same arguments, the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shelf = build_catalogue(rng, now, products)
    write_feed(folder / "catalogue.tsv", shelf)
    write_pictures(folder / "images", shelf)
    shop: dict[str, Any] = {"name": NAME, "currency": CURRENCY, "tagline": TAGLINE}
    shop |= {"categories": shop_categories(shelf), "products": shop_products(shelf)}
    shop["shoppers"] = [
        {
            "key": "new",
            "name": "A new visitor",
            "customer_id": None,
            "note": "First time here, nothing known yet",
        },
        {
            "key": "returning",
            "name": "Robin",
            "customer_id": "c-00001",
            "note": "A few orders in, and running low",
        },
        {"key": "vip", "name": "Alex", "customer_id": "c-00002", "note": "One of the shop's best customers"},
    ]
    (folder / "shop.json").write_text(json.dumps(shop, ensure_ascii=False, indent=1), "utf-8")
