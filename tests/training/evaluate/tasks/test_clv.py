"""`perennial evaluate clv` and `reorder` on small shops."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from perennial import app
from training.customers.rfm import OrderDays
from training.errors import BadDataset
from training.evaluate.tasks.clv import evaluate_clv, middle
from training.evaluate.tasks.generated import generated
from training.evaluate.tasks.reorder import evaluate_reorder

START = date(2025, 1, 1)
MEASURES = {"gini", "total_ratio", "spearman", "rmse", "calibration"}


@pytest.fixture
def totals(tmp_path: Path) -> Path:
    """120 customers who come every 5 to 64 days for a year, and pay the more the oftener."""
    rows = [
        (f"c{customer}", START + timedelta(days=day), 200.0 / (5 + customer // 2))
        for customer in range(120)
        for day in range(customer % 30, 365, 5 + customer // 2)
    ]
    file = tmp_path / "orders.parquet"
    pl.DataFrame(rows, schema=["customer_id", "date", "dollar_value"], orient="row").write_parquet(file)
    return file


def test_forecasts_stand_beside_past_revenue_and_past_rate(totals: Path) -> None:
    found = CliRunner().invoke(app, ["evaluate", "clv", str(totals), "--json"])
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["cases"] == 120
    assert answer["settings"]["known until"] == "2025-06-30"
    for ranker in ("perennial", "past revenue", "past rate", "perennial, orders", "past rate, orders"):
        assert set(answer["metrics"][ranker]) >= MEASURES
    assert answer["metrics"]["perennial"]["gini"]["value"] > 0.9
    assert answer["metrics"]["perennial, orders"]["total_ratio"]["value"] == pytest.approx(1, abs=0.15)


def test_the_last_known_day_may_be_given(totals: Path) -> None:
    found = evaluate_clv(totals.parent, until=datetime(2025, 10, 15))
    assert found.settings["known until"] == "2025-10-15"
    assert found.settings["days ahead"] == 364 - (date(2025, 10, 15) - START).days


def test_a_day_beyond_the_history_is_refused(totals: Path) -> None:
    with pytest.raises(BadDataset, match="--until"):
        evaluate_clv(totals, until=datetime(2026, 10, 15))


def test_a_folder_without_orders_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"events\.parquet"):
        evaluate_clv(tmp_path)


def test_habits_as_regular_as_a_clock_are_foretold_to_the_day(totals: Path) -> None:
    found = evaluate_reorder(totals)
    assert found.cases == 120
    assert found.metrics["perennial"]["median_error"]["value"] < 1
    assert found.metrics["last gap"]["median_error"]["value"] == 0


def test_quantities_stand_beside_reorder_dates_without_them(totals: Path) -> None:
    found = CliRunner().invoke(app, ["evaluate", "reorder", str(totals), "--least-times", "2", "--json"])
    assert found.exit_code == 0, found.output
    measured = set(json.loads(found.stdout)["metrics"])
    assert measured == {"perennial", "without quantities", "last gap", "mean gap"}


def test_what_the_step_costs_is_measured_on_a_generated_shop() -> None:
    found = CliRunner().invoke(app, ["evaluate", "clv", "--generated", "300", "--json"])
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["cases"] == 300
    for took in answer["metrics"].values():
        parts = [took[f"{part}_s"]["value"] for part in ("refunds", "fit", "forecast", "reorder")]
        assert took["total_s"]["value"] == pytest.approx(sum(parts))


def test_a_generated_shop_is_as_large_as_asked() -> None:
    history = generated(2_000, np.random.default_rng(0))
    assert len(history.customer_ids) == 2_000
    assert len(history.purchases) == pytest.approx(20_000, rel=0.05)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(1997, 1, 1), date(1998, 6, 30), date(1997, 9, 30)),
        (date(2010, 12, 1), date(2011, 12, 9), date(2011, 6, 30)),
        (date(2025, 1, 10), date(2025, 3, 20), date(2025, 2, 13)),
    ],
)
def test_the_middle_is_a_quarters_end_where_one_is_near(first: date, last: date, expected: date) -> None:
    ends = np.array([(day - date(1970, 1, 1)).days for day in (first, last)], np.int32)
    money = np.ones(2)
    day = middle(OrderDays(np.zeros(2, np.int32), ends, money, money))
    assert date(1970, 1, 1) + timedelta(days=day) == expected
