"""When customers buy a product again: their last date, predicted from those before it."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from recommender.arrays.dtypes import Float64s
from recommender.value.reorder_timing import Habits, Reorder, due
from training.customers.reorder import fit_reorder, purchase_days
from training.data.history import OrderLines
from training.data.repeat import UNKNOWN_GAP_DAYS
from training.errors import BadDataset
from training.evaluate.datasets.order_history import read_orders
from training.measure.forecasts import share_covered
from training.measure.metrics import Metrics, estimate
from training.measure.result import Evaluation

LEAST_TIMES = 4


def evaluate_reorder(
    source: Path | Home, baselines: bool = True, report: Report = silent, least_times: int = LEAST_TIMES
) -> Evaluation:
    """The last day on which a customer bought a product is hidden from training, and predicted, for products
    bought on `least_times` (2 or more) days; without an earlier gap, baselines predict UNKNOWN_GAP_DAYS.

    `median_error`: median absolute error in days; `within_7`: share that is no more than a week off;
    `held_90`: share within the interval of 90 %. Raises BadDataset.
    """
    began = monotonic()
    report("Reading orders", 0, 1)
    history = read_orders(source)
    name = source.root.name if isinstance(source, Home) else source.name
    lines = history.purchases.where(history.purchases.customer >= 0)
    hidden = purchase_days(lines).filter(pl.col("time") == pl.col("time").max().over("customer", "item"))
    hidden = hidden.filter(pl.col("time") >= least_times - 1)
    if hidden.is_empty():
        raise BadDataset(f"{name} has no product that a customer bought on {least_times} days or more")
    report("Reorder dates", 0, 1)
    visible_lines, until_day = _without(lines, hidden), int(lines.day.max())
    no_category = np.full(len(history.product_ids), -1, np.int32)
    table = fit_reorder(visible_lines, no_category, len(history.customer_ids))
    habits = _habits(table, hidden)
    forecasts, truth = due(table, habits, until_day), hidden["day"].to_numpy().astype(np.float64)
    metrics = {"perennial": day_metrics(forecasts.day, truth)}
    bounds = np.stack([forecasts.earliest, forecasts.latest], axis=1).round()
    metrics["perennial"]["held_90"] = {"value": share_covered(truth, bounds)}
    if baselines:
        single = replace(visible_lines, quantity=np.ones_like(visible_lines.quantity))
        plain = fit_reorder(single, no_category, len(history.customer_ids))
        metrics["without quantities"] = day_metrics(due(plain, _habits(plain, hidden), until_day).day, truth)
        gaps = habits.times - 1
        mean = (habits.last_day - habits.first_day) / np.maximum(gaps, 1)
        for name, gap in (("last gap", habits.last_gap), ("mean gap", mean)):
            wait = np.where(gaps > 0, gap, UNKNOWN_GAP_DAYS).astype(np.float64)
            metrics[name] = day_metrics(habits.last_day + wait, truth)
    return Evaluation("reorder", name, metrics, len(truth), round(monotonic() - began, 1))


def day_metrics(forecasts: NDArray[np.floating], truth: Float64s) -> Metrics:
    """Metrics of predicted days."""
    errors = np.abs(forecasts - truth)
    return {
        "median_error": {"value": float(np.median(errors))},
        "within_7": estimate((errors <= 7).tolist(), 0),
    }


def _without(lines: OrderLines, hidden: pl.DataFrame) -> OrderLines:
    """The lines of other days."""
    all_lines = pl.DataFrame({"customer": lines.customer, "item": lines.item, "day": lines.day})
    last = hidden.select("customer", "item", pl.col("day").alias("last"))
    joined = all_lines.join(last, on=["customer", "item"], how="left", maintain_order="left")
    return lines.where((joined["day"] != joined["last"]).fill_null(value=True).to_numpy())


def _habits(table: Reorder, pairs: pl.DataFrame) -> Habits:
    """The habits of these customers and products, in the order of `pairs`."""
    customer = np.repeat(np.arange(len(table.offsets) - 1), np.diff(table.offsets))
    table_rows = pl.DataFrame({"customer": customer.astype(np.int32), "item": table.item}).with_row_index(
        "row"
    )
    rows = pairs.join(table_rows, on=["customer", "item"], how="left", maintain_order="left")[
        "row"
    ].to_numpy()
    return table.habits.where(rows)
