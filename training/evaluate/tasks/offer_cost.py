"""CPU of an offer's decision beside that of a recommendation: same process, same customers, same moment."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice
from time import monotonic, process_time_ns

from features.cli.commands import store
from features.home import Home
from features.live.shopper_state import ShopperState
from features.merchant.versioned_settings import OFFER_CATALOGUE
from features.progress import Report, silent
from recommender.context.request import Placement, Request
from recommender.customers.offer_context import OfferRequest, build_offer_context, model_of
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.offers.catalogue import Catalogue
from recommender.offers.promise import choose_offer
from recommender.recommend import Recommender
from training.errors import BadDataset
from training.measure.metrics import Metrics, estimate
from training.measure.result import Evaluation
from training.offers.candidates import catalogue_of

CALLS, MEASURED_ROUNDS, WARM_UP_CALLS = 300, 9, 30
COMPARED_PLACEMENTS: tuple[Placement, ...] = ("home", "cart", "product_complements")
SHOWN_PICKS = 8


def evaluate_offer_cost(home: Home, report: Report = silent) -> Evaluation:
    """us: microseconds of CPU a call; ratio: over the mean of the placements. Rounds take turns, so that
    a machine that slows down slows all. Raises BadDataset without a model or offers."""
    began = monotonic()
    bundle = versions.load_current(home.models)
    with store(home) as client:
        catalogue = catalogue_of(OFFER_CATALOGUE.current_sync(client).settings)
    if bundle is None or not catalogue.offers:
        raise BadDataset("there is nothing to measure: train, and save offers with PUT /v1/offers/catalogue")
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    n = min(len(bundle.tables.customers), 2_000)
    names = [bundle.tables.customers.name(row) for row in range(n)]
    item = int(bundle.tables.popular.items[0])
    tasks = {"decision": _decision(recommender, catalogue)}
    tasks |= {placement: _recommendation(recommender, placement, item) for placement in COMPARED_PLACEMENTS}
    microseconds = _measured(tasks, names, report)
    mean_recommendation = [
        sum(each) / len(COMPARED_PLACEMENTS)
        for each in zip(*(microseconds[name] for name in COMPARED_PLACEMENTS), strict=True)
    ]
    metrics: dict[str, Metrics] = {
        name: {
            "us": estimate(values, seed=0),
            "ratio": estimate(
                [own / other for own, other in zip(values, mean_recommendation, strict=True)], seed=0
            ),
        }
        for name, values in microseconds.items()
    }
    notes = {"offers": f"{len(catalogue.offers)} in the catalogue"}
    return Evaluation(
        "offer-cost", home.root.name, metrics, CALLS * MEASURED_ROUNDS, monotonic() - began, notes
    )


def _decision(recommender: Recommender, catalogue: Catalogue) -> Callable[[str], object]:
    model, now = model_of(recommender.bundle.tables), datetime.now(UTC)
    bundle, availability = recommender.bundle, recommender.availability

    def decide(customer: str) -> object:
        request = OfferRequest(customer, customer, "web", {}, ShopperState(), {}, (), {})
        context = build_offer_context(request, catalogue, bundle, availability, None, now)
        return None if context is None else choose_offer(catalogue, model, context, now, "")

    return decide


def _recommendation(recommender: Recommender, placement: Placement, item: int) -> Callable[[str], object]:
    now, product = datetime.now(UTC).timestamp(), recommender.bundle.tables.products.name(item)
    about = {"cart": {"cart": (product,)}, "product_complements": {"product_id": product}}.get(placement, {})

    def recommend(customer: str) -> object:
        request = Request(placement, now, ShopperState(), customer, **about)  # type: ignore[arg-type]
        return recommender.recommend(request, SHOWN_PICKS, customer)

    return recommend


def _measured(
    tasks: dict[str, Callable[[str], object]], customers: Sequence[str], report: Report
) -> dict[str, list[float]]:
    """Name -> microseconds of CPU a call, one figure a round."""
    microseconds: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(MEASURED_ROUNDS):
        report("Measuring", number, MEASURED_ROUNDS)
        for name, task in tasks.items():
            sample = list(islice(cycle(customers), number * CALLS, number * CALLS + CALLS + WARM_UP_CALLS))
            for customer in sample[:WARM_UP_CALLS]:
                task(customer)
            began = process_time_ns()
            for customer in sample[WARM_UP_CALLS:]:
                task(customer)
            microseconds[name].append((process_time_ns() - began) / 1_000 / CALLS)
    report("Measuring", 1, 1)
    return microseconds
