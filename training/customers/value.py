"""`fit_customer_value`: a history -> what serving needs to say what each customer is worth."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.arrays.dtypes import Float64s
from recommender.value.business_calendar import BusinessCalendar
from recommender.value.customer_value import (
    NO_DAY,
    Customers,
    CustomerValue,
    corrected_forecast,
    correction_features,
    log_linear,
    past_revenue,
    past_revenue_factor,
)
from recommender.value.order_models import NBD, OrderModel, OrderSummary, expected_orders
from training.customers.choice import Window, choose_model, covers_a_year, fit_or_guess, windows
from training.customers.correction import IDENTITY, fit_log_linear, isotonic_knots
from training.customers.gamma_gamma import fit_or_guess_spend
from training.customers.odd import crowd_lift
from training.customers.rfm import Rfm, order_days, summarise
from training.customers.season import season
from training.customers.tastes import TasteAxes, fit_taste_axes
from training.data.history import History, OrderLines

N_FEATURES = 7  # of `correction_features`
ORDERS_POWER, REVENUE_POWER = 0.0, 0.5
TAUGHT_CUSTOMERS = 50_000  # a fair sample learns as well
ALONE_WEEKS = 13.0  # the reference of a shop whose history allows no window


@dataclass(frozen=True)
class Lesson:
    """One window as the models of its day saw it: their value, its customers, and what their products say."""

    window: Window
    value: CustomerValue
    customers: Customers
    products: Float64s

    @property
    def seen(self) -> OrderSummary:
        return self.customers.summary(self.window.cut, self.value.calendar)


class Learned(NamedTuple):
    """Weights of the features, then of the products: for orders, for revenue. levels: what came over what
    the models alone said, of each. seen: least and greatest of each feature and product number, (2, n)."""

    orders: Float64s
    revenue: Float64s
    order_products: Float64s
    revenue_products: Float64s
    levels: Float64s
    features_seen: Float64s
    products_seen: Float64s


def fit_customer_value(
    history: History, cost: NDArray[np.floating] | None = None, until_day: int | None = None
) -> CustomerValue:
    """Models and corrections as of a day (the history's last). cost: (n_items) of a piece, NaN: unknown.

    The kind of model is the one that foretold the history's own last parts best; the corrections are
    learned on the same windows. The same history gives the same value.
    """
    today = history.until // DAY_S if until_day is None else until_day
    n_customers = len(history.customer_ids)
    days, lines = order_days(history, cost), history.purchases
    seen = summarise(days, today)
    clock = season(days.where(np.isin(days.customer, seen.customer[seen.typical])), today)
    rfm = summarise(days, today, clock)
    typical = rfm.where(rfm.typical)
    taught = _sample(typical.customer, n_customers)
    found = list(windows(days.where(taught[days.customer]), today, clock))
    weeks = float(np.mean([each.weeks for each in found])) if found else ALONE_WEEKS
    kind, models = choose_model(found)
    plain = plain_value(typical, fit_or_guess(kind, typical.summary), weeks, n_customers, clock)
    plain = replace(plain, far=rfm.far, **per_customer(rfm, n_customers))
    if not found:
        return with_crowds(plain, rfm)
    own = lines.where((lines.customer >= 0) & taught[lines.customer])
    view = fit_taste_axes(own, n_customers, len(history.product_ids))
    lessons = [lesson(each, model, view, own, clock) for each, model in zip(found, models, strict=True)]
    learned = learn_corrections(lessons)
    value = with_lessons(plain, rfm, learned, view.of(lines, rfm.customer), today)
    return with_crowds(with_knots(value, lessons, learned), rfm)


def with_crowds(value: CustomerValue, rfm: Rfm) -> CustomerValue:
    """The lifts of customers who came in a crowd, by how many of it come again."""
    lift = crowd_lift(rfm.crowd, rfm.summary, value.order_model)
    order_lift, revenue_lift = value.order_lift.copy(), value.revenue_lift.copy()
    order_lift[rfm.customer] *= lift
    revenue_lift[rfm.customer] *= lift
    return replace(value, order_lift=order_lift, revenue_lift=revenue_lift)


def plain_value(
    rfm: Rfm, model: OrderModel, reference_weeks: float, n_customers: int, clock: BusinessCalendar
) -> CustomerValue:
    """The models alone, nothing corrected."""
    rare = fit_or_guess(NBD, rfm.summary)
    spend = fit_or_guess_spend(rfm.order_days, rfm.spend)
    costed = ~np.isnan(rfm.margin)
    earned, sold = (rfm.margin * rfm.revenue)[costed].sum(), rfm.revenue[costed].sum()
    nothing = np.zeros(1 + N_FEATURES)
    return CustomerValue(
        pace=clock.pace,
        model=np.array(model, np.float64),
        rare=np.array([rare.r, rare.alpha]),
        spend=np.array(spend),
        margin=np.array([earned / sold if sold > 0 else np.nan]),
        reference_weeks=np.array([reference_weeks]),
        means=np.zeros(2),
        far=rfm.far,
        features_seen=np.zeros((2, N_FEATURES)),
        order_weights=nothing,
        revenue_weights=nothing,
        order_knots=IDENTITY,
        revenue_knots=IDENTITY,
        **per_customer(rfm, n_customers),
    )


def per_customer(rfm: Rfm, n_customers: int) -> dict[str, NDArray[Any]]:
    """The columns of `CustomerValue` that hold a number for each customer."""

    def column(values: NDArray[Any], without: float, dtype: Any) -> NDArray[Any]:
        rows = np.full(n_customers, without, dtype)
        rows[rfm.customer] = values
        return rows

    return {
        "first_day": column(rfm.first_day, NO_DAY, np.int32),
        "last_day": column(rfm.last_day, NO_DAY, np.int32),
        "order_days": column(rfm.order_days, 0, np.float32),
        "revenue": column(rfm.revenue, 0, np.float32),
        "own_margin": column(rfm.margin, np.nan, np.float32),
        "order_lift": np.ones(n_customers, np.float32),
        "revenue_lift": np.ones(n_customers, np.float32),
    }


def lesson(
    window: Window, model: OrderModel, view: TasteAxes, lines: OrderLines, clock: BusinessCalendar
) -> Lesson:
    """What was known of each customer of a window on its day."""
    known = window.rfm
    value = plain_value(known, model, window.weeks, int(known.customer[-1]) + 1, clock)
    products = view.of(lines.where(lines.day <= window.cut), known.customer)
    return Lesson(window, value, value.customers(known.customer), products)


def learn_corrections(lessons: list[Lesson]) -> Learned:
    """Two steps, for orders and for revenue: what a customer's numbers explain, and then their products."""
    products = np.concatenate([each.products for each in lessons])
    features = np.concatenate([_features(each) for each in lessons])
    said = np.concatenate([np.stack(_ahead(each)) for each in lessons], axis=1)
    came = np.concatenate([np.stack([each.window.orders, each.window.revenue]) for each in lessons], axis=1)
    weights, levels = [], []
    for base, actual, power in zip(said, came.clip(0.0), (ORDERS_POWER, REVENUE_POWER), strict=True):
        of_features = fit_log_linear(features, base, actual, power)
        explained = base * log_linear(features, of_features)
        weights.append((of_features, fit_log_linear(products, explained, actual, power)))
        levels.append(actual.sum() / base.sum() if base.sum() > 0 and actual.sum() > 0 else 1.0)
    return Learned(
        weights[0][0],
        weights[1][0],
        weights[0][1],
        weights[1][1],
        np.array(levels),
        _range(features),
        _range(products),
    )


def _range(features: Float64s) -> Float64s:
    return np.stack([features.min(axis=0), features.max(axis=0)])


def _features(each: Lesson) -> Float64s:
    weeks = each.window.weeks
    expected = expected_orders(each.value.order_model, each.seen, weeks)
    return correction_features(each.value, each.customers, each.seen, expected, weeks)


def _ahead(each: Lesson) -> tuple[Float64s, Float64s]:
    return corrected_forecast(each.value, each.customers, each.seen, each.window.weeks)


def with_lessons(
    value: CustomerValue, rfm: Rfm, learned: Learned, products: Float64s, today: int
) -> CustomerValue:
    """The weights, of each customer what their products say, and the means that come of both.

    Once the shop has seen a year, the weights only tell customers apart; the level is what was learned over
    the models alone. Else it would be foretold for a year to go on as it did between the windows and today.
    """
    products = products.clip(*learned.products_seen)
    judged = _spread(rfm.where(rfm.typical).customer)
    plain = _means(value, judged, today)
    order_lift, revenue_lift = value.order_lift.copy(), value.revenue_lift.copy()
    order_lift[rfm.customer] = log_linear(products, learned.order_products)
    revenue_lift[rfm.customer] = log_linear(products, learned.revenue_products)
    value = replace(
        value,
        features_seen=learned.features_seen,
        order_weights=learned.orders.copy(),
        revenue_weights=learned.revenue.copy(),
        order_lift=order_lift,
        revenue_lift=revenue_lift,
    )
    means = _means(value, judged, today)
    if covers_a_year(rfm.summary):
        wanted = learned.levels * plain[1:]
        off = np.log(np.maximum(wanted, 1e-12) / np.maximum(means[1:], 1e-12))
        value.order_weights[0] += off[0]
        value.revenue_weights[0] += off[1]
        means[1:] = wanted
    return replace(value, means=means[[0, 2]])


def _means(value: CustomerValue, rows: NDArray[np.int32], today: int) -> Float64s:
    """(3): the past revenue at which none leans, of orders and of revenue in the reference time. Customers
    count by how long they are known: a crowd of yesterday moves nothing.

    The first is not the mean of what came: with that, leaning towards the past would take away from the whole
    shop's revenue, and the more so the more of its customers have left.
    """
    customers = value.customers(rows)
    summary = customers.summary(today, value.calendar)
    orders, revenue = corrected_forecast(value, customers, summary, float(value.reference_weeks[0]))
    coming = np.average(np.stack([orders, revenue]), axis=1, weights=np.maximum(summary.age, 1e-6))
    between = np.sqrt(revenue * past_revenue(value, customers)).sum() / max(revenue.sum(), 1e-12)
    return np.append(coming[1] * between**2, coming)


def with_knots(value: CustomerValue, lessons: list[Lesson], learned: Learned) -> CustomerValue:
    """The recalibrations, from what the corrected forecasts of the windows came to.

    Windows are of different lengths, so everything counts per reference time.
    """
    pairs: list[Float64s] = []
    for each in lessons:
        window, known = each.window, each.window.rfm
        then = with_lessons(each.value, known, learned, each.products, window.cut)
        customers = then.customers(known.customer)
        orders, revenue = corrected_forecast(then, customers, each.seen, window.weeks)
        revenue = revenue * past_revenue_factor(then, customers, revenue)
        scale = value.reference_weeks[0] / window.weeks
        pairs.append(np.stack([orders, revenue, window.orders, window.revenue]) * scale)
    orders, revenue, came, brought = np.concatenate(pairs, axis=1).clip(0.0)
    unit = brought.sum() / max(came.sum(), 1.0)
    return replace(
        value,
        order_knots=isotonic_knots(orders, came),
        revenue_knots=isotonic_knots(revenue, brought, unit),
    )


def _spread(customers: NDArray[np.int32]) -> NDArray[np.int32]:
    """All, or every so-many-th: enough for a mean."""
    return customers[:: 1 + len(customers) // TAUGHT_CUSTOMERS]


def _sample(customers: NDArray[np.int32], n_customers: int) -> NDArray[np.bool_]:
    """(n_customers) which of them teach."""
    taught = np.zeros(n_customers, np.bool_)
    if len(customers) > TAUGHT_CUSTOMERS:
        customers = np.random.default_rng(0).choice(customers, TAUGHT_CUSTOMERS, replace=False)
    taught[customers] = True
    return taught
