"""Every figure of docs/quality.md, measured anew."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from features.home import Home
from features.importers.orders import import_orders
from features.progress import Report
from training.demo.build import build_demo
from training.evaluate.page.goals import SECTIONS
from training.evaluate.page.placements import PLACEMENT_SECTIONS
from training.evaluate.tasks.cart import evaluate_cart
from training.evaluate.tasks.demo import evaluate_demo
from training.evaluate.tasks.next_basket import evaluate_next_basket
from training.evaluate.tasks.placements import PlacementEvaluation, evaluate_placements
from training.evaluate.tasks.session import evaluate_session
from training.measure.result import Evaluation

SOLD = Path("online_retail/online_retail.csv.gz")  # becomes the home of "a shop's own last weeks"
DEMO_SEED, DEMO_CUSTOMERS, DEMO_PRODUCTS = 7, 6_000, 800  # as `perennial demo` builds it
DEMO_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # the demo shop's, so that every run has the same shop
RESULT_DIGITS = 5
TASKS: dict[str, Callable[[Any, Report], Evaluation | PlacementEvaluation]] = {
    "next-basket": lambda source, report: evaluate_next_basket(source, report=report),
    "session": lambda source, report: evaluate_session(source, report=report),
    "cart": lambda source, report: evaluate_cart(source, report=report),
    "demo": lambda home, report: evaluate_demo(home, report=report),
    "placements": lambda source, report: evaluate_placements(source, report=report),
}


def measure_all(data: Path, results: Path, only: str, report: Report) -> None:
    """Write a result for each section whose name holds `only` and whose data lie below `data`."""
    results.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        for section in (*SECTIONS, *PLACEMENT_SECTIONS):
            source = _source(section.dataset, data, Path(folder), report) if only in section.name else None
            if source is not None:
                result = TASKS[section.name.removesuffix(f"-{section.dataset}")](source, report).as_dict()
                file = results / f"{section.name}.json"
                file.write_text(json.dumps(_rounded(result), indent=1) + "\n", encoding="utf-8")


def _source(dataset: str, data: Path, folder: Path, report: Report) -> Path | Home | None:
    """A data set, or a home made for the purpose; None where the data are missing."""
    if dataset not in ("home", "demo"):
        return data / dataset if (data / dataset).is_dir() else None
    made, home = (folder / dataset).is_dir(), Home(folder / dataset)
    if dataset == "demo" and not made:
        build_demo(home, DEMO_SEED, DEMO_CUSTOMERS, DEMO_PRODUCTS, DEMO_NOW, report)
    if dataset == "home" and not made:
        if not (data / SOLD).is_file():
            return None
        import_orders(home, data / SOLD, received_at=DEMO_NOW, report=report)
    return home


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, RESULT_DIGITS) if isinstance(value, float) else value
