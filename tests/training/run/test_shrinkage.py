"""A bundle that has lost what the running one had is not published unattended."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
import pytest

from training.run.shrinkage import lost
from training.settings import TrainingSettings

from bundles import neighbours, small_bundle

SETTINGS = TrainingSettings()
RUNNING = small_bundle()


def earlier(date: str, days: int) -> str:
    return (datetime.fromisoformat(date) - timedelta(days=days)).isoformat()


def test_the_same_again_is_published() -> None:
    assert lost(RUNNING.tables, RUNNING.manifest, RUNNING, SETTINGS) == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"orders": 88}, "88 orders"),
        ({"customers": 1}, "1 customers"),
        ({"products": 3}, "3 products"),
        ({"last_order": earlier(RUNNING.manifest.last_order, 270)}, "newest order"),
        ({"first_order": earlier(RUNNING.manifest.last_order, 30)}, "span 30 days"),
    ],
)
def test_a_cut_or_old_history_is_refused(change: dict[str, object], word: str) -> None:
    manifest = msgspec.structs.replace(RUNNING.manifest, **change)
    assert any(word in reason for reason in lost(RUNNING.tables, manifest, RUNNING, SETTINGS))


def test_a_few_orders_less_are_no_loss() -> None:
    manifest = msgspec.structs.replace(RUNNING.manifest, orders=int(RUNNING.manifest.orders * 0.81))
    assert lost(RUNNING.tables, manifest, RUNNING, SETTINGS) == ()


def test_a_table_that_is_empty_or_the_same_everywhere_is_refused() -> None:
    empty = replace(RUNNING.tables, complements=neighbours({}))
    (reason, *_) = lost(empty, RUNNING.manifest, RUNNING, SETTINGS)
    assert "complements" in reason
    flat = replace(RUNNING.tables, product=replace(RUNNING.tables.product, price=np.full(8, 5.0, np.float32)))
    (reason,) = lost(flat, RUNNING.manifest, RUNNING, SETTINGS)
    assert "product.price has lost its spread" in reason
