"""`perennial evaluate`: how good the answers are, on data sets with known answers."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    plain_errors,
    progress,
    show,
    show_table,
)
from features.home import Home
from training.errors import BadDataset

if TYPE_CHECKING:
    from training.evaluate.tasks.placements import PlacementEvaluation
    from training.measure.result import Evaluation

evaluate = typer.Typer(
    help="Measure recommendations on data with known answers, beside simple and published methods.",
    no_args_is_help=True,
)
LEGEND = (
    "[dim]In brackets: 95 % intervals. Recall of wanted products that the shopper knew (repeat) or did not "
    "know (explore); repeats, explores: share of the shown products; ms: milliseconds an answer.[/]"
)
DatasetArgument = Annotated[
    Path | None, typer.Argument(help="A data set's folder or parquet file.", show_default=False)
]
TrialArgument = Annotated[Path, typer.Argument(help="A data set's folder or parquet file.", exists=True)]
OwnHomeOption = Annotated[
    Path | None, typer.Option("--home", help="Instead of a data set: a shop's data folder.")
]
SeedsOption = Annotated[int, typer.Option(min=1, help="Random splits or draws to average over.")]
UntilOption = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="Last day that is known; else near the middle."),
]
BaselinesOption = Annotated[Literal["all", "none"], typer.Option(help="What to measure beside the model.")]


@evaluate.command("session")
def session(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    seeds: SeedsOption = 1,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """The next product of a visit: of sessions.parquet (SessionId, ItemId, Time, split), or of a home's last
    weeks."""
    from training.evaluate.tasks.session import evaluate_session

    _run(partial(evaluate_session, _source(dataset, home), seeds, baselines == "all"), as_json)


@evaluate.command("next-basket")
def next_basket(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    seeds: SeedsOption = 5,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """Each customer's next order: of baskets.parquet (user_id, basket_idx, item_id, is_target), of
    events.parquet (customer_id, event, product_id, timestamp), or of a home's last weeks."""
    from training.evaluate.tasks.next_basket import evaluate_next_basket

    _run(partial(evaluate_next_basket, _source(dataset, home), seeds, baselines == "all"), as_json)


@evaluate.command("cart")
def cart(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    seeds: SeedsOption = 1,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """One hidden product of an order: of baskets.parquet, events.parquet or a home's last weeks; or the
    held-out purchases of interactions.parquet (user, item, event, split, timestamp)."""
    from training.evaluate.tasks.cart import evaluate_cart

    _run(partial(evaluate_cart, _source(dataset, home), seeds, baselines == "all"), as_json)


@evaluate.command("placements")
def placements(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    baselines: BaselinesOption = "all",
    save: Annotated[
        Path | None, typer.Option("--save", help="Write the result to this file, as JSON.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Every placement by what it is for, as served: of baskets.parquet, events.parquet, interactions.parquet
    or a home's last weeks."""
    from training.evaluate.tasks.placements import evaluate_placements

    _run(partial(evaluate_placements, _source(dataset, home), baselines == "all"), as_json, save)


@evaluate.command("demo")
def demo(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """What was planted in the demo shop of a home, found again by the model that serves there."""
    from training.evaluate.tasks.demo import evaluate_demo

    _run(partial(evaluate_demo, Home(home)), as_json)


@evaluate.command("cold-start")
def cold_start(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Customers of products that nobody bought yet: a draw of a shop's products, hidden and foretold."""
    from training.evaluate.tasks.cold_start import evaluate_cold_start

    _run(partial(evaluate_cold_start, Home(home)), as_json)


@evaluate.command("offers")
def offers(
    home: HomeOption = DEFAULT_HOME,
    seeds: SeedsOption = 3,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """What offers earn in the demo shop of a home after 20,000 decisions, beside its known best ones."""
    from training.evaluate.tasks.offers import evaluate_offers

    _run(partial(evaluate_offers, Home(home), seeds, baselines == "all"), as_json)


@evaluate.command("offer-cost")
def offer_cost(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """CPU of an offer's decision over that of a recommendation, in a home with a model and offers."""
    from training.evaluate.tasks.offer_cost import evaluate_offer_cost

    _run(partial(evaluate_offer_cost, Home(home)), as_json)


@evaluate.command("experiments")
def experiments(
    home: HomeOption = DEFAULT_HOME, baselines: BaselinesOption = "all", as_json: JsonOption = False
) -> None:
    """How often 1,000 experiments without any difference announce one, looked at every day for 60 days."""
    from training.evaluate.tasks.experiments import evaluate_experiments

    _run(partial(evaluate_experiments, Home(home), baselines=baselines == "all"), as_json)


@evaluate.command("uplift")
def uplift(
    dataset: TrialArgument,
    seeds: SeedsOption = 5,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """Whom a treatment moves: Qini and AUUC on a trial as in hillstrom.parquet, by five folds."""
    from training.evaluate.tasks.uplift import evaluate_uplift

    _run(partial(evaluate_uplift, dataset, seeds, baselines == "all"), as_json)


@evaluate.command("policy")
def policy(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    seeds: SeedsOption = 1,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """What a policy earns: learned on a trial as in hillstrom.parquet, judged from logs (bts_*.parquet
    beside random_*.parquet), or what a shop's own decisions earned."""
    from training.evaluate.tasks.policy import evaluate_policy

    _run(partial(evaluate_policy, _source(dataset, home), seeds, baselines == "all"), as_json)


@evaluate.command("page", hidden=True)
def page(
    data: Annotated[Path | None, typer.Option("--data", help="Measure anew, below this folder.")] = None,
    only: Annotated[str, typer.Option(help="Of the sections only those whose name holds this.")] = "",
) -> None:
    """Write docs/quality.md from docs/results."""
    from training.evaluate.page.page import write_page
    from training.evaluate.page.rerun import measure_all

    results, images = Path("docs/results"), Path("docs/images")
    if data is not None:
        with plain_errors(BadDataset), progress() as report:
            measure_all(data, results, only, report)
    write_page(results, Path("docs/quality.md"), images)


@evaluate.command("clv")
def clv(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    until: UntilOption = None,
    generated: Annotated[
        int | None,
        typer.Option(min=100, help="Instead: what the step costs for so many generated customers."),
    ] = None,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """What each customer will order and bring, foretold from the history up to a day: of a home, or of any
    file that `perennial import orders` reads, or of customer_id, date, dollar_value."""
    from training.evaluate.tasks.clv import evaluate_clv
    from training.evaluate.tasks.generated import measure_generated

    if generated is not None:
        _run(partial(measure_generated, generated), as_json)
    else:
        _run(partial(evaluate_clv, _source(dataset, home), baselines == "all", until=until), as_json)


@evaluate.command("reorder")
def reorder(
    dataset: DatasetArgument = None,
    home: OwnHomeOption = None,
    least_times: Annotated[int, typer.Option(min=2, help="Of what was bought on so many days or more.")] = 4,
    baselines: BaselinesOption = "all",
    as_json: JsonOption = False,
) -> None:
    """When customers buy a product again: the last date, foretold from those before."""
    from training.evaluate.tasks.reorder import evaluate_reorder

    source = _source(dataset, home)
    _run(partial(evaluate_reorder, source, baselines == "all", least_times=least_times), as_json)


def _source(dataset: Path | None, home: Path | None) -> Path | Home:
    if dataset is not None and home is None:
        if not dataset.exists():
            raise typer.BadParameter(f"there is no {dataset}")
        return dataset
    if home is not None and dataset is None:
        return Home(home)
    raise typer.BadParameter("give either a DATASET or --home DIR, and not both")


def _run(
    task: Callable[..., "Evaluation | PlacementEvaluation"], as_json: bool, save: Path | None = None
) -> None:
    """task: all but `report` is given."""
    with plain_errors(BadDataset), progress() as report:
        evaluation = task(report=report)
    if save is not None:
        save.write_text(json.dumps(evaluation.as_dict(), indent=1) + "\n", encoding="utf-8")
    show(evaluation, as_json=as_json)
    if not as_json:
        for table in evaluation.tables():
            show_table(*table)
        console.print(LEGEND)
