"""What a shop was asked after a time, and what people then did: its ranking learns from that."""

from __future__ import annotations

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

DRAWS, JUDGED_DRAWS = 6, 3  # hidden products of an order to learn from, and to judge by


def questions(
    history: History, cut: float, tables: Tables, settings: TrainingSettings
) -> dict[str, list[Case]]:
    """Cases since the cut by task, oldest first; tables: fitted on `history.before(cut)`.

    home, email and post_purchase: the next order of customers known before; buy_again: what they had bought
    before of it; cart: hidden products of an order; visit: the rest of a visit, given its beginning.
    """
    late = history.purchases.where(history.purchases.timestamp >= cut)
    before = history.before(cut).purchases
    rest, most = settings.rest_days, 2 * settings.evaluation_cases
    known = np.intersect1d(before.customer, late.customer)
    orders = list(next_orders(history, late, _some(known, most, settings.seed), rest))
    carts = several_hidden(history, [_some_orders(late, most, settings.seed)] * JUDGED_DRAWS, settings)
    visits = history.visits.where(history.visits.timestamp >= cut)
    return {
        "home": orders,
        "cart": sorted(carts, key=lambda case: case.request.now),
        "email": [_placed(case, "email") for case in orders],
        "post_purchase": list(after_orders(orders, history, before)),
        "buy_again": list(repeats(orders, tables)),
        "visit": sorted(rest_of_visits(history, visits, most, settings), key=lambda case: case.request.now),
    }


def cart_lessons(
    history: History,
    cut: float,
    learning: Sequence[Case],
    judging: Sequence[Case],
    settings: TrainingSettings,
) -> list[Case]:
    """Known customers' carts since the cut, one product hidden, of each up to DRAWS different ones.

    None later than those of `learning`, and none of `judging`, which may be as old where only days are known.
    """
    until = max((case.request.now for case in learning), default=cut)
    judged = {(case.request.customer_id, case.request.now) for case in judging}
    times, most = history.purchases.timestamp, settings.cart_lessons
    lines = history.purchases.where((times >= cut) & (times <= until))
    orders = [_some_orders(lines, most, seed) for seed in range(settings.seed, settings.seed + DRAWS)]
    lessons = (
        case
        for case in several_hidden(history, orders, settings)
        if case.request.customer_id and (case.request.customer_id, case.request.now) not in judged
    )
    return list(islice(lessons, most))


def several_hidden(history: History, draws: Sequence[OrderLines], settings: TrainingSettings) -> list[Case]:
    """Of each draw of orders one product of each hidden, another one than before where it can be."""
    carts = {
        (case.request.customer_id, case.request.now, case.request.cart): case
        for turn, orders in enumerate(draws)
        for case in hidden_products(history, orders, settings.seed + turn, settings.rest_days)
    }
    return list(carts.values())


def next_orders(
    history: History, late: OrderLines, known: NDArray[np.int32], rest_days: int
) -> Iterator[Case]:
    """The first order of each known customer."""
    served: set[int] = set()
    for order in orders_of(late.where((late.customer >= 0) & np.isin(late.customer, known))):
        customer = int(order.customer[0])
        if customer not in served:
            served.add(customer)
            name, now = history.customer_ids[customer], float(order.timestamp[0])
            yield Case(
                Request("home", now=now, customer_id=name, repeat_suppression_days=rest_days), order.item
            )


def hidden_products(history: History, late: OrderLines, seed: int, rest_days: int) -> Iterator[Case]:
    """Orders of two products or more, one of them, drawn by lot, taken out of the cart."""
    rng = np.random.default_rng(seed)
    for order in orders_of(late):
        if len(order) > 1:
            out = int(rng.integers(len(order)))
            customer = int(order.customer[0])
            yield Case(
                Request(
                    "cart",
                    now=float(order.timestamp[0]),
                    customer_id=history.customer_ids[customer] if customer >= 0 else None,
                    cart=tuple(history.product_ids[item] for item in np.delete(order.item, out)),
                    repeat_suppression_days=rest_days,
                ),
                order.item[out : out + 1],
            )


def after_orders(orders: Sequence[Case], history: History, before: OrderLines) -> Iterator[Case]:
    """The same next orders, asked for at the time of the customer's last one before."""
    customers, place = np.unique(before.customer[::-1], return_index=True)
    names = [history.customer_ids[customer] for customer in customers if customer >= 0]
    last = dict(zip(names, before.timestamp[::-1][place[customers >= 0]].tolist(), strict=True))
    for case in orders:
        yield _placed(case, "post_purchase", now=float(last[case.request.customer_id or ""]))


def repeats(orders: Sequence[Case], tables: Tables) -> Iterator[Case]:
    """Of the same next orders, what the customer had bought before."""
    for case in orders:
        own = tables.purchases.of(tables.customers.row(case.request.customer_id)).items
        again = case.truth[np.isin(case.truth, own)]
        if len(again):
            yield _placed(case, "buy_again")._replace(truth=again)


def rest_of_visits(
    history: History, visits: Visits, at_most: int, settings: TrainingSettings
) -> Iterator[Case]:
    """Visits stopped at a place drawn by lot: what was looked at so far is live, the rest is the truth."""
    rng = np.random.default_rng(settings.seed)
    some = np.sort(rng.permutation(np.unique(visits.session))[:at_most])
    visits = visits.where(np.isin(visits.session, some))
    order = np.argsort(visits.session, kind="stable")
    for place in np.split(order, np.flatnonzero(np.diff(visits.session[order])) + 1):
        items = visits.item[place]
        stop = int(rng.integers(1, len(place))) if len(place) > 1 else 0
        then = np.setdiff1d(items[stop:], items[stop - 1 : stop])
        if stop and len(then):
            yield Case(_seen(history, visits, place[:stop], settings.rest_days), then)


def _seen(history: History, visits: Visits, place: NDArray[np.intp], rest_days: int) -> Request:
    """The home page after these looks."""
    products = [history.product_ids[item] for item in visits.item[place]]
    carted = [name for name, taken in zip(products, visits.carted[place], strict=True) if taken]
    customer = int(visits.customer[place[-1]])
    return Request(
        "home",
        now=float(visits.timestamp[place[-1]]),
        shopper=ShopperState(viewed=tuple(dict.fromkeys(products[::-1])), cart=dict.fromkeys(carted, 1.0)),
        customer_id=history.customer_ids[customer] if customer >= 0 else None,
        repeat_suppression_days=rest_days,
    )


def _placed(case: Case, placement: Placement, now: float | None = None) -> Case:
    now = case.request.now if now is None else now
    return case._replace(request=msgspec.structs.replace(case.request, placement=placement, now=now))


def _some_orders(lines: OrderLines, at_most: int, seed: int) -> OrderLines:
    """The lines of so many orders of two products or more, drawn by lot."""
    orders, sizes = np.unique(lines.order, return_counts=True)
    return lines.where(np.isin(lines.order, _some(orders[sizes > 1], at_most, seed)))


def _some(rows: NDArray[np.int32], at_most: int, seed: int) -> NDArray[np.int32]:
    return np.random.default_rng(seed).permutation(rows)[:at_most]


def orders_of(lines: OrderLines) -> Iterator[OrderLines]:
    """The lines of one order after the other, oldest order first."""
    if len(lines):
        _, first, which = np.unique(lines.order, return_index=True, return_inverse=True)
        place = np.argsort(first[which], kind="stable")
        ends = np.flatnonzero(np.diff(lines.order[place])) + 1
        for part in np.split(place, ends):
            yield lines.where(part)
