"""`loadtests.inside.training_ratio HOME`: what one training costs, beside implicit's own ALS fit alone.

The fit gets the same matrix, factors and passes, in a process of its own; both use all the cores.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from typing import Annotated, Any

import typer

from features.catalogue.products import load_products
from features.home import Home
from loadtests.inside.enlarge import still_serves
from loadtests.inside.training_cost import TrainingCost, peak_bytes
from recommender.model import versions
from training.data.history import load_history
from training.data.interactions import confidence
from training.run.train import train
from training.settings import TrainingSettings


def fit_alone(home: Home) -> dict[str, Any]:
    """implicit's fit on the matrix that training gives it."""
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    settings, history = TrainingSettings(), load_history(home, load_products(home))
    matrix = confidence(history, settings)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings.als_factors,
            regularization=settings.als_regularisation,
            iterations=settings.als_iterations,
            use_gpu=False,
            random_state=settings.seed,
        )
        began, cpu = monotonic(), process_time()
        model.fit(matrix, show_progress=False)
        took, cpu = monotonic() - began, process_time() - cpu
    return {
        "als_fit_s": round(took, 3),
        "als_fit_cpu_s": round(cpu, 3),
        "interactions": len(history.log),
        "matrix_cells": matrix.nnz,
        "matrix_mb": round((matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes) / 1e6, 3),
    }


def train_whole(home: Home, now: datetime) -> dict[str, Any]:
    """Reading, rehearsal, evaluation, gate and publishing included.

    A model that the gate refuses is published all the same: here it is the cost that is judged.
    """
    at_start, cost = peak_bytes(), TrainingCost()
    began = monotonic()
    result = train(home, TrainingSettings(), now, cost.follow)
    cost.follow("End")
    if not result.published:
        versions.publish(home.models, result.version, force=True)
    return {
        "training_s": round(monotonic() - began, 3),
        "training_cpu_s": round(cost.total().cpu_seconds, 3),
        "peak_mb": round((cost.total().peak - at_start) / 1e6, 1),
        "published": result.published,
        "reasons": list(result.reasons),
        "products": result.products,
        "customers": result.customers,
        "orders": result.orders,
        "steps": {name: round(step.seconds, 2) for name, step in cost.steps.items()},
    }


def main(
    home: Path,
    part: str = "both",
    keep: Annotated[bool, typer.Option("--keep", help="Nothing to do where HOME serves already.")] = False,
    days_ago: Annotated[int, typer.Option(min=0, help="Train as of so many days ago.")] = 0,
) -> None:
    """Print both figures and their ratios as JSON; the part `fit` or `train` alone is for the children."""
    if keep and still_serves(Home(home)):
        print("{}")
        return
    trained_at = datetime.now(UTC) - timedelta(days=days_ago)
    parts: dict[str, Callable[[Home], dict[str, Any]]] = {
        "fit": fit_alone,
        "train": partial(train_whole, now=trained_at),
    }
    if part in parts:
        print(json.dumps(parts[part](Home(home))))
        return
    figures: dict[str, Any] = {}
    for each in parts:
        command = [sys.executable, "-P", "-m", "loadtests.inside.training_ratio", str(home), "--part", each]
        command += ["--days-ago", str(days_ago)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        figures |= json.loads(done.stdout.splitlines()[-1])
    figures["time_ratio"] = round(figures["training_s"] / figures["als_fit_s"], 2)
    figures["cpu_ratio"] = round(figures["training_cpu_s"] / figures["als_fit_cpu_s"], 2)
    figures["memory_ratio"] = round(figures["peak_mb"] / figures["matrix_mb"], 1)
    print(json.dumps(figures))


if __name__ == "__main__":
    typer.run(main)
