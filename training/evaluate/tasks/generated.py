"""Time and memory of the customer-value step, on a generated shop of any size."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, process_time

import numpy as np
import polars as pl

from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.value.forecast import forecast
from training.customers.reorder import fit_reorder
from training.customers.value import fit_customer_value
from training.data.history import HISTORY_TYPES, History
from training.measure.metrics import Metrics
from training.measure.result import Evaluation

GENERATED_DAYS, FIRST_DAY = 730, 20_000  # of the history; since 1970
ORDERS, GENERATED_PRODUCTS, FORECASTS_AT_ONCE = 10, 10_000, 16_384
GENERATED_RATE_SHAPE, STAY_DAYS = (
    0.6,
    500.0,
)  # of the gamma of how often they order, the exponential of how long


def measure_generated(n_customers: int, report: Report = silent) -> Evaluation:
    """Fit and forecast everybody, with reorder dates; ORDERS orders a customer, a line each."""
    history = generated(n_customers, np.random.default_rng(0))
    seconds: dict[str, float] = {}
    cpu: dict[str, float] = {}

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        report(part, 0, 1)
        began, cpu_began = monotonic(), process_time()
        yield
        seconds[part] = round(monotonic() - began, 1)
        cpu[part] = round(process_time() - cpu_began, 1)

    with timed("refunds"):
        lines = history.purchases
    with timed("fit"):
        value = fit_customer_value(history)
    with timed("forecast"):
        for start in range(0, n_customers, FORECASTS_AT_ONCE):
            batch = value.customers(slice(start, start + FORECASTS_AT_ONCE))
            forecast(value, batch.where(batch.order_days > 0), history.until // DAY_S)
    with timed("reorder"):
        fit_reorder(lines, np.full(GENERATED_PRODUCTS, -1, np.int32), n_customers)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return Evaluation(
        task="clv",
        dataset=f"generated: {n_customers:,} customers, {len(lines):,} orders",
        metrics={"wall": _as_metrics(seconds), "cpu": _as_metrics(cpu)},
        cases=n_customers,
        seconds=round(sum(seconds.values()), 1),
        settings={"peak memory, GB": round(peak_gb, 1)},
    )


def _as_metrics(seconds_of: dict[str, float]) -> Metrics:
    """Seconds of each part, and in total."""
    total = round(sum(seconds_of.values()), 1)
    return {f"{part}_s": {"value": seconds} for part, seconds in {**seconds_of, "total": total}.items()}


def generated(n_customers: int, rng: np.random.Generator) -> History:
    """Customers who come at any time, order at a rate of their own, and leave."""
    first = rng.uniform(0, GENERATED_DAYS, n_customers)
    stay = np.minimum(rng.exponential(STAY_DAYS, n_customers), GENERATED_DAYS - first)
    wish = rng.gamma(GENERATED_RATE_SHAPE, size=n_customers) * stay
    counts = rng.poisson(wish * ((ORDERS - 1) * n_customers / wish.sum())) + 1
    customer = np.repeat(np.arange(n_customers, dtype=np.int32), counts)
    later = rng.random(len(customer)) * np.repeat(stay, counts)
    later[np.cumsum(counts) - counts] = 0.0
    item = (GENERATED_PRODUCTS * rng.random(len(customer)) ** 3).astype(np.int32)
    seconds = ((FIRST_DAY + np.repeat(first, counts) + later) * DAY_S).astype(np.int64)
    nobody = pl.repeat(None, len(customer), dtype=pl.Int32, eager=True)
    log = pl.DataFrame(
        {
            "type": pl.repeat("purchase", len(customer), dtype=pl.Enum(HISTORY_TYPES), eager=True),
            "timestamp": seconds,
            "customer": customer,
            "browser": nobody,
            "session": nobody,
            "item": item,
            "order": np.arange(len(customer), dtype=np.int32),
            "quantity": rng.integers(1, 4, len(customer)).astype(np.float32),
            "unit_price": (2 + item % 40).astype(np.float32),
        }
    )
    products = [f"p{number}" for number in range(GENERATED_PRODUCTS)]
    customers = [f"c{number}" for number in range(n_customers)]
    return History(products, customers, len(customer), 0, log, int(seconds.max()) * 1000)
