"""Every placement by what it is for, as served, beside the best simple method for the same purpose."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from recommender.context.request import Situation
from recommender.model.bundle import Bundle
from training.data.products import align
from training.errors import BadDataset
from training.evaluate.baselines.placements import Scores, placement_baselines
from training.evaluate.datasets.any_shop import read_any_shop
from training.evaluate.datasets.placement_cases import HeldOut, Questions
from training.evaluate.exam import Exam
from training.measure.compare import Case, Ranker, products_of, recommended, scored
from training.measure.metrics import Measurement, Ranked, depth, measure, ranks_of_truth
from training.measure.paired import Values
from training.models.product_kinds import kinds
from training.settings import TrainingSettings

SERVED_FOR_KEPT = 4  # so many times the depth is asked for where only some of an answer counts
OVERLAPS = "buy_again", "email", "post_purchase"
OVERLAP_DEPTH, ORDERS_FOR_OVERLAP = 5, 3


@dataclass(frozen=True)
class PlacementRow:
    """perennial, simple: the mean of the measure of what serves, and of each simple method; best: the name of
    the best of these; difference: what serves over it; answered: share of the cases with any answer."""

    placement: str
    judged: str
    measure: str
    cases: int
    perennial: Measurement
    simple: dict[str, float]
    best: str
    difference: Measurement
    answered: float
    coverage: float


@dataclass(frozen=True)
class PlacementEvaluation:
    """overlap: of customers with some orders, the median share of the first five of `home` that each of the
    other placements shows among its first five."""

    dataset: str
    rows: list[PlacementRow]
    overlap: dict[str, float]
    seconds: float

    def lines(self) -> Iterator[tuple[str, str]]:
        """Label and value, for the terminal."""
        yield "Evaluated", f"placements on {self.dataset} in {self.seconds:.0f} s"
        if self.overlap:
            shares = ", ".join(f"{name} {share:.2f}" for name, share in self.overlap.items())
            yield f"Overlap@{OVERLAP_DEPTH} of home", shares

    def tables(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        """A row a purpose; then the simple methods one by one."""
        headings = ["", "measure", "cases", "perennial", "best simple", "difference"]
        yield (
            headings,
            [
                [
                    f"{row.placement}\n{row.judged}",
                    row.measure.replace("_", " "),
                    f"{row.cases:,}",
                    f"{row.perennial['value']:.3f}",
                    f"{row.simple[row.best]:.3f} {row.best}" if row.best else "",
                    _signed(row.difference) if row.best else "",
                ]
                for row in self.rows
            ],
        )
        names = list(dict.fromkeys(name for row in self.rows for name in row.simple))
        yield (
            ["", *names, "coverage"],
            [
                [
                    f"{row.placement}\n{row.judged}",
                    *(f"{row.simple[name]:.3f}" if name in row.simple else "" for name in names),
                    f"{row.coverage:.2f}",
                ]
                for row in self.rows
            ],
        )

    def as_dict(self) -> dict[str, Any]:
        """The same for a program."""
        return {"task": "placements", **asdict(self)}


def evaluate_placements(
    source: Path | Home, baselines: bool = True, report: Report = silent
) -> PlacementEvaluation:
    """Train on all but the last weeks of a shop, and ask every placement about them.

    What was just bought rests as it does where a shop serves; what was in stock then is not known, so that
    everything may be shown. Raises BadDataset.
    """
    began = monotonic()
    shop, cut = read_any_shop(source)
    early, settings = shop.history.before(cut), TrainingSettings()
    if not len(early.purchases):
        raise BadDataset(f"the history of {shop.name} is too short to ask about its end")
    bundle = Exam(shop.name, early, [], shop.catalogue).bundle(report, settings)
    products = align(shop.catalogue, early)
    held_out = HeldOut(shop.history, cut, bundle, kinds(products.titles, products.category), settings)
    questions = list(held_out.questions())
    simple = placement_baselines(early, bundle) if baselines else {}
    rows = []
    for number, row in enumerate(questions):
        report("Placements", number, len(questions))
        rows.append(judge(row, bundle, simple.get(row.anchors, {}), settings.seed))
    overlap = overlaps(held_out.next_orders, bundle)
    report("Placements", 1, 1)
    return PlacementEvaluation(shop.name, rows, overlap, round(monotonic() - began, 1))


def judge(row: Questions, bundle: Bundle, simple: Mapping[str, Scores], seed: int) -> PlacementRow:
    """What serves and the simple methods over the same cases."""
    served, product = (
        _answers(row, bundle, recommended(bundle)),
        products_of(bundle.tables.variant_groups.group),
    )
    own = Values(np.array(_values(row, served, product)), row.owner)
    others = {
        name: np.array(_values(row, _answers(row, bundle, scored(bundle, _among(row, scores))), product))
        for name, scores in simple.items()
    }
    means = {name: float(values.mean()) for name, values in others.items()}
    best = max(means, key=lambda name: means[name], default="")
    shown = {item for answer in served for item in answer.items.tolist()}
    return PlacementRow(
        placement=row.placement,
        judged=row.judged,
        measure=row.measure,
        cases=len(row.cases),
        perennial=own.mean(seed),
        simple=means,
        best=best,
        difference=own.over(others[best], seed) if best else own.mean(seed),
        answered=float(np.mean([len(answer.items) > 0 for answer in served])),
        coverage=len(shown) / max(int(bundle.tables.product.recommendable.sum()), 1),
    )


def overlaps(cases: Sequence[Case], bundle: Bundle) -> dict[str, float]:
    """Of customers with ORDERS_FOR_OVERLAP order days or more; empty without any."""
    rank, pasts = recommended(bundle), bundle.tables.next_basket.pasts
    shares: dict[str, list[float]] = {}
    for case in cases:
        days = pasts.of(bundle.tables.customers.row(case.request.customer_id)).days
        if len(np.unique(days)) < ORDERS_FOR_OVERLAP:
            continue
        home = rank(case, OVERLAP_DEPTH).items
        for placement in OVERLAPS:
            other = case._replace(request=structs.replace(case.request, placement=placement))
            shared = np.isin(home, rank(other, OVERLAP_DEPTH).items).sum()
            shares.setdefault(placement, []).append(float(shared) / OVERLAP_DEPTH)
    return {placement: float(np.median(values)) for placement, values in shares.items()}


def _answers(row: Questions, bundle: Bundle, rank: Ranker) -> list[Ranked]:
    """Each case's answer, of which only `row.kept` counts."""
    k, kept = depth(row.measure), row.kept
    if kept is None:
        return [rank(case, k) for case in row.cases]
    return [
        _only(rank(case, SERVED_FOR_KEPT * k), kept(Situation(case.request, bundle)), k) for case in row.cases
    ]


def _only(answer: Ranked, kept: NDArray[np.bool_], k: int) -> Ranked:
    """The first k that are kept; all of simple methods, as they may tie."""
    rows = kept[answer.items]
    if answer.scores is not None:
        return Ranked(answer.items[rows], answer.scores[rows])
    return Ranked(answer.items[rows][:k])


def _among(row: Questions, scores: Scores) -> Scores:
    """The scores of those products that a simple method should propose for the purpose."""
    limit = row.kept or row.among
    if limit is None:
        return scores
    return lambda situation: np.where(limit(situation), scores(situation), 0.0)


def _values(row: Questions, answers: Sequence[Ranked], product: NDArray[np.int32]) -> list[float]:
    """The measure of each case, by products."""
    value: Callable[[NDArray[np.float64]], float] | None = None
    if not row.measure.startswith("precision@"):
        value = measure(row.measure)
    by_product = [
        (answer._replace(items=product[answer.items]), np.unique(product[case.truth]))
        for answer, case in zip(answers, row.cases, strict=True)
    ]
    return [
        _precision(answer, wanted) if value is None else value(ranks_of_truth(answer, wanted))
        for answer, wanted in by_product
    ]


def _precision(answer: Ranked, wanted: NDArray[np.int32]) -> float:
    """Share of the answer that is right; an answer of nothing is not wrong."""
    return float(np.isin(answer.items, wanted).mean()) if len(answer.items) else 1.0


def _signed(difference: Measurement) -> str:
    value, low, high = (f"{difference[name]:+.3f}" for name in ("value", "low", "high"))
    return f"{value}\n({low} {high})"
