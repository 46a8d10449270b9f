"""The customer table of a small bundle: two customers, and models whose results can be computed by hand."""

from dataclasses import replace

import numpy as np

from features.time_units import DAY_S
from recommender.arrays.id_map import IdMap
from recommender.model.bundle import Bundle
from recommender.model.customer_tables import CustomerFacts, CustomerTable
from recommender.value.business_calendar import YEAR_PARTS
from recommender.value.customer_value import CustomerValue
from recommender.value.order_models import NBD
from recommender.value.reorder_timing import Reorder

from bundles import NOW, PRODUCTS, TODAY, item, small_bundle

WORDS = ("DE", "EUR", "de", "google", "newsletter")
R, ALPHA = 1.0, 10.0  # NBD: (R + x) / (ALPHA + T) orders a week
P, Q, V = 1.0, 3.0, 40.0  # Gamma-Gamma: the shop's mean is P V / (Q - 1) = 20


def small_customer_table() -> CustomerTable:
    """`ann` ordered on five days for 60, the first 100 and the last 25 days ago; `bob` yesterday for 30."""
    return CustomerTable(
        facts=small_facts(),
        value=small_value(),
        reorder=small_reorder(),
        usual=np.array([30.0, 60.0, 200.0]),
        price_band=np.array([2, 0, 0, 1, 0, 2, 1, -1], np.int8),
    )


def small_facts() -> CustomerFacts:
    now = int(NOW.timestamp())
    word = {name: WORDS.index(name) for name in WORDS}
    return CustomerFacts(
        orders=np.array([5, 1], np.int32),
        revenue=np.array([60.0, 30.0]),
        first=np.array([now - 100 * DAY_S, now - DAY_S]),
        last=np.array([now - 25 * DAY_S, now - DAY_S]),
        discounted=np.array([0.4, 0.0], np.float32),
        currency=np.full(2, word["EUR"], np.int32),
        channel=np.array([word["google"], word["newsletter"]], np.int32),
        country=np.array([word["DE"], -1], np.int32),
        language=np.array([word["de"], -1], np.int32),
        consent=np.array([1, -1], np.int8),
        words=IdMap.build(WORDS),
    )


def small_value() -> CustomerValue:
    """A value model without corrections and recalibration."""
    return CustomerValue(
        pace=np.ones(YEAR_PARTS),
        model=np.array([NBD, R, ALPHA, 0.0, 0.0]),
        rare=np.array([R, ALPHA]),
        spend=np.array([P, Q, V]),
        margin=np.array([np.nan]),
        reference_weeks=np.array([13.0]),
        means=np.zeros(2),
        far=np.array([1e6, 1e9]),
        features_seen=np.zeros((2, 7)),
        order_weights=np.zeros(8),
        revenue_weights=np.zeros(8),
        order_knots=np.array([[1.0, 2.0], [1.0, 2.0]]),
        revenue_knots=np.array([[1.0, 2.0], [1.0, 2.0]]),
        first_day=np.array([TODAY - 100, TODAY - 1], np.int32),
        last_day=np.array([TODAY - 25, TODAY - 1], np.int32),
        order_days=np.array([5, 1], np.float32),
        revenue=np.array([60, 30], np.float32),
        own_margin=np.full(2, np.nan, np.float32),
        order_lift=np.ones(2, np.float32),
        revenue_lift=np.ones(2, np.float32),
    )


def small_reorder() -> Reorder:
    """Gaps are the customer's own, shrunk towards the product's 30 days; 90 % are half to twice as long."""
    n = len(PRODUCTS)
    gaps = 3 * np.log(20.0)
    return Reorder(
        weights=np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        errors=np.tile(np.log([0.5, 2.0]), (4, 1)),
        item_gap=np.full(n, np.log(30.0), np.float32),
        item_again=np.full(n, 0.5, np.float32),
        item_packs=np.zeros(n, np.float32),
        offsets=np.array([0, 2, 3], np.int64),
        item=np.array([item("mug"), item("tea"), item("kettle")], np.int32),
        times=np.array([1, 4, 1], np.int32),
        first_day=np.array([TODAY - 100, TODAY - 85, TODAY - 1], np.int32),
        last_day=np.array([TODAY - 100, TODAY - 25, TODAY - 1], np.int32),
        log_gaps=np.array([0.0, gaps, 0.0], np.float32),
        last_gap=np.array([0.0, 20.0, 0.0], np.float32),
        log_packs=np.zeros(3, np.float32),
        last_packs=np.ones(3, np.float32),
        expected=TODAY + np.array([[-70, -85, -40], [-3, -14, 21], [29, 14, 59]], np.float32),
    )


def bundle_with_customers() -> Bundle:
    """`small_bundle` with `small_customer_table`."""
    small = small_bundle()
    return replace(small, tables=replace(small.tables, people=small_customer_table()))
