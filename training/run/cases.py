"""Evaluation cases: requests as of a time in the past, and what the shoppers then bought or viewed."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.live.shopper_state import ShopperState
from recommender.context.request import Placement, Request
from recommender.model.bundle import Tables
from training.data.history import History, OrderLines, Visits
from training.measure.compare import Case
from training.settings import TrainingSettings

SAMPLES, JUDGED_SAMPLES = 6, 3  # hidden products of an order, to learn from and to evaluate on


def evaluation_cases(
    history: History, cut: float, tables: Tables, settings: TrainingSettings
) -> dict[str, list[Case]]:
    """Cases since the cut by task, oldest first. tables: fitted on `history.before(cut)`.

    next_order: the next order of customers who ordered before; buy_again: the products of it that they had
    bought before; home: the others; post_purchase: of these, what goes with the order before it, asked for at
    its time; cart: hidden products of an order; visit: the rest of a visit. The tasks are named after the
    mixes of sources that learn from them.
    """
    late = history.purchases.where(history.purchases.timestamp >= cut)
    before = history.before(cut).purchases
    most = 2 * settings.evaluation_cases
    known_customers = np.intersect1d(before.customer, late.customer)
    orders = list(next_orders(history, late, _sample(known_customers, most, settings.seed)))
    carts = several_hidden(history, [_sample_orders(late, most, settings.seed)] * JUDGED_SAMPLES, settings)
    visits = history.visits.where(history.visits.timestamp >= cut)
    discoveries = list(first_purchases(orders, tables))
    return {
        "next_order": orders,
        "home": discoveries,
        "cart": sorted(carts, key=lambda case: case.request.now),
        "post_purchase": list(after_orders(discoveries, history, before, tables)),
        "buy_again": list(repeats(orders, tables)),
        "visit": sorted(rest_of_visits(history, visits, most, settings), key=lambda case: case.request.now),
    }


def cart_training_cases(
    history: History,
    cut: float,
    learning: Sequence[Case],
    judging: Sequence[Case],
    settings: TrainingSettings,
) -> list[Case]:
    """Carts of known customers since the cut, one product hidden, up to SAMPLES different ones of each.

    None is later than `learning`, and none is in `judging`, whose times may be the same where the history
    has only days.
    """
    latest = max((case.request.now for case in learning), default=cut)
    judged_orders = {(case.request.customer_id, case.request.now) for case in judging}
    times, most = history.purchases.timestamp, settings.cart_lessons
    lines = history.purchases.where((times >= cut) & (times <= latest))
    orders = [_sample_orders(lines, most, seed) for seed in range(settings.seed, settings.seed + SAMPLES)]
    training_cases = (
        case
        for case in several_hidden(history, orders, settings)
        if case.request.customer_id and (case.request.customer_id, case.request.now) not in judged_orders
    )
    return list(islice(training_cases, most))


def several_hidden(history: History, samples: Sequence[OrderLines], settings: TrainingSettings) -> list[Case]:
    """A case for each order of each sample, with one product hidden; the same case only once."""
    carts = {
        (case.request.customer_id, case.request.now, case.request.cart): case
        for number, orders in enumerate(samples)
        for case in hidden_products(history, orders, settings.seed + number)
    }
    return list(carts.values())


def next_orders(history: History, lines: OrderLines, customers: NDArray[np.int32]) -> Iterator[Case]:
    """The first order, among the lines, of each of the customers."""
    done: set[int] = set()
    for order in orders_of(lines.where((lines.customer >= 0) & np.isin(lines.customer, customers))):
        customer = int(order.customer[0])
        if customer not in done:
            done.add(customer)
            name, now = history.customer_ids[customer], float(order.timestamp[0])
            yield Case(Request("next_order", now=now, customer_id=name), order.item)


def hidden_products(history: History, late: OrderLines, seed: int) -> Iterator[Case]:
    """Orders of two products or more, one of them, drawn at random, hidden from the cart."""
    rng = np.random.default_rng(seed)
    for order in orders_of(late):
        if len(order) > 1:
            position = int(rng.integers(len(order)))
            customer = int(order.customer[0])
            yield Case(
                Request(
                    "cart",
                    now=float(order.timestamp[0]),
                    customer_id=history.customer_ids[customer] if customer >= 0 else None,
                    cart=tuple(history.product_ids[item] for item in np.delete(order.item, position)),
                ),
                order.item[position : position + 1],
            )


def after_orders(
    orders: Sequence[Case], history: History, before: OrderLines, tables: Tables
) -> Iterator[Case]:
    """The products that go with the customer's previous order, requested at its time."""
    for case in at_last_orders(orders, history, before):
        bought = tables.purchases.of(tables.customers.row(case.request.customer_id))
        order = bought.items[bought.last_day == bought.last_day.max(initial=0)]
        partners = [
            table.of(item).items for item in order for table in (tables.complements, tables.companions)
        ]
        truth = case.truth[np.isin(case.truth, np.concatenate([case.truth[:0], *partners]))]
        if len(truth):
            yield case._replace(truth=truth)


def at_last_orders(orders: Sequence[Case], history: History, before: OrderLines) -> Iterator[Case]:
    """The same next orders, requested at the time of the customer's previous order."""
    customers, last_line = np.unique(before.customer[::-1], return_index=True)
    names = [history.customer_ids[customer] for customer in customers if customer >= 0]
    last_order = dict(zip(names, before.timestamp[::-1][last_line[customers >= 0]].tolist(), strict=True))
    for case in orders:
        yield _at_placement(case, "post_purchase", now=float(last_order[case.request.customer_id or ""]))


def repeats(orders: Sequence[Case], tables: Tables) -> Iterator[Case]:
    """The products of the next orders that the customer had bought before."""
    for case in orders:
        repeated = case.truth[_bought_before(case, tables)]
        if len(repeated):
            yield _at_placement(case, "buy_again")._replace(truth=repeated)


def first_purchases(orders: Sequence[Case], tables: Tables) -> Iterator[Case]:
    """The products of the next orders that were new to the customer, asked for without favourites."""
    for case in orders:
        first = case.truth[~_bought_before(case, tables)]
        if len(first):
            request = msgspec.structs.replace(case.request, placement="home", repeats=0.0)
            yield Case(request, first)


def _bought_before(case: Case, tables: Tables) -> NDArray[np.bool_]:
    bought = tables.purchases.of(tables.customers.row(case.request.customer_id)).items
    return np.isin(case.truth, bought)


def rest_of_visits(
    history: History, visits: Visits, at_most: int, settings: TrainingSettings
) -> Iterator[Case]:
    """Visits cut at a random view: the views before are live shopper state, the rest is the truth."""
    rng = np.random.default_rng(settings.seed)
    chosen = np.sort(rng.permutation(np.unique(visits.session))[:at_most])
    visits = visits.where(np.isin(visits.session, chosen))
    order = np.argsort(visits.session, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(visits.session[order])) + 1):
        items = visits.item[rows]
        n_viewed = int(rng.integers(1, len(rows))) if len(rows) > 1 else 0
        rest = np.setdiff1d(items[n_viewed:], items[n_viewed - 1 : n_viewed])
        if n_viewed and len(rest):
            yield Case(_home_request(history, visits, rows[:n_viewed]), rest)


def _home_request(history: History, visits: Visits, rows: NDArray[np.intp]) -> Request:
    """A request for the home page after the views in these rows."""
    products = [history.product_ids[item] for item in visits.item[rows]]
    carted = [name for name, added in zip(products, visits.carted[rows], strict=True) if added]
    customer = int(visits.customer[rows[-1]])
    return Request(
        "home",
        now=float(visits.timestamp[rows[-1]]),
        shopper=ShopperState(viewed=tuple(dict.fromkeys(products[::-1])), cart=dict.fromkeys(carted, 1.0)),
        customer_id=history.customer_ids[customer] if customer >= 0 else None,
    )


def _at_placement(case: Case, placement: Placement, now: float | None = None) -> Case:
    now = case.request.now if now is None else now
    return case._replace(request=msgspec.structs.replace(case.request, placement=placement, now=now))


def _sample_orders(lines: OrderLines, at_most: int, seed: int) -> OrderLines:
    """The lines of `at_most` random orders of two products or more."""
    orders, sizes = np.unique(lines.order, return_counts=True)
    return lines.where(np.isin(lines.order, _sample(orders[sizes > 1], at_most, seed)))


def _sample(rows: NDArray[np.int32], at_most: int, seed: int) -> NDArray[np.int32]:
    return np.random.default_rng(seed).permutation(rows)[:at_most]


def orders_of(lines: OrderLines) -> Iterator[OrderLines]:
    """The lines of each order, oldest order first."""
    if len(lines):
        _, first_row, order_of_row = np.unique(lines.order, return_index=True, return_inverse=True)
        rows = np.argsort(first_row[order_of_row], kind="stable")
        ends = np.flatnonzero(np.diff(lines.order[rows])) + 1
        for part in np.split(rows, ends):
            yield lines.where(part)
