"""`perennial evaluate`: how good the answers are, on data sets with known answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from features.home import Home
from features.progress import Report
from features.terminal import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    plain_errors,
    progress,
    show,
    show_table,
)
from training.errors import BadDataset

if TYPE_CHECKING:
    from training.evaluate.result import Evaluation

evaluate = typer.Typer(
    help="Measure recommendations on data with known answers, beside simple and published methods.",
    no_args_is_help=True,
)
DatasetArgument = Annotated[Path, typer.Argument(help="A data set's folder or parquet file.")]
SeedsOption = Annotated[int, typer.Option(min=1, help="Random splits or draws to average over.")]
BaselinesOption = Annotated[Literal["all", "none"], typer.Option(help="What to measure beside the model.")]
Evaluate = Callable[[Path, int, bool, Report], "Evaluation"]


@evaluate.command("session")
def session(
    dataset: DatasetArgument,
    seeds: SeedsOption = 1,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """The next product of a visit, from sessions.parquet (SessionId, ItemId, Time, split)."""
    from training.evaluate.session import evaluate_session

    _run(evaluate_session, dataset, seeds, baselines, as_json)


@evaluate.command("next-basket")
def next_basket(
    dataset: DatasetArgument,
    seeds: SeedsOption = 5,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """Each customer's next order, from baskets.parquet or events.parquet."""
    from training.evaluate.next_basket import evaluate_next_basket

    _run(evaluate_next_basket, dataset, seeds, baselines, as_json)


@evaluate.command("cart")
def cart(
    dataset: DatasetArgument,
    seeds: SeedsOption = 1,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """One hidden product of an order, from baskets.parquet or events.parquet; or the held-out purchases of
    interactions.parquet."""
    from training.evaluate.cart import evaluate_cart

    _run(evaluate_cart, dataset, seeds, baselines, as_json)


@evaluate.command("demo")
def demo(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """What was planted in the demo shop of a home, found again by the model that serves there."""
    from training.evaluate.demo import evaluate_demo

    _run(
        lambda _, __, baselines, report: evaluate_demo(Home(home), baselines, report), home, 1, "all", as_json
    )


def _run(evaluate_task: Evaluate, dataset: Path, seeds: int, baselines: str, as_json: bool) -> None:
    with plain_errors(BadDataset), progress() as report:
        evaluation = evaluate_task(dataset, seeds, baselines == "all", report)
    show(evaluation, as_json=as_json)
    if not as_json:
        show_table(*evaluation.table())
        console.print("[dim]In brackets: 95 % intervals. ms: milliseconds an answer.[/]")
