"""What a bundle holds of each customer, fitted on a real archive."""

from dataclasses import fields
from typing import Any

import numpy as np
from sales import at, sale, shop_of

from features.catalogue.products import load_products
from features.home import Home
from recommender.model.bundle import flatten, unflatten
from recommender.model.customer_tables import CustomerTable
from training.customers.value import fit_customer_value
from training.data.history import load_history
from training.models.customer_tables import fit_customer_table

from factories import event


def fitted(home: Home) -> tuple[CustomerTable, dict[str, int]]:
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    customers = fit_customer_table(home, history, catalogue, fit_customer_value(history))
    return customers, {customer: row for row, customer in enumerate(history.customer_ids)}


CONTEXT = {"utm_source": "google", "country": "DE", "language": "de"}
EVENTS = [
    event("view", at=at("04-30"), customer_id="ann", product_id="tea", context=CONTEXT),
    sale("o-1", "ann", "05-01", ("tea", 2, 10.0)),
    event("consent", at=at("05-02"), customer_id="ann", properties={"email": False}),
    event("consent", at=at("05-04"), customer_id="ann", properties={"email": True}),
    sale("o-2", "ann", "05-31", ("pot", 1, 60.0), coupon="HELLO", context={"country": "AT"}),
    sale("o-3", "bob", "06-20"),
    event("view", at=at("06-21"), customer_id="cat", product_id="tea"),
]
GOODS: dict[str, dict[str, Any]] = {
    "tea": {"category": "Pantry", "price": 10.0},
    "jam": {"category": "Pantry", "price": 20.0},
    "pot": {"category": "Kitchen"},
}


def test_facts_by_hand(home: Home) -> None:
    shop_of(home, EVENTS, **GOODS)
    customers, row = fitted(home)
    facts, ann, bob = customers.facts, row["ann"], row["bob"]
    assert facts.orders[[ann, bob]].tolist() == [2, 1]
    assert facts.revenue[[ann, bob]].tolist() == [80.0, 10.0]
    assert (facts.first[ann], facts.last[ann]) == (at("05-01").timestamp(), at("05-31").timestamp())
    assert facts.discounted[[ann, bob]].tolist() == [0.5, 0.0]
    assert (facts.word(facts.channel, ann), facts.word(facts.channel, bob)) == ("google", "direct")
    assert (facts.word(facts.country, ann), facts.word(facts.language, ann)) == ("AT", "de")
    assert (facts.word(facts.currency, bob), facts.word(facts.country, bob)) == ("EUR", None)
    assert facts.consent[[ann, bob]].tolist() == [1, -1]
    assert customers.rhythm.gap_days == 30.0
    assert customers.rhythm.best_twentieth == 80.0


def test_a_wrong_clock_s_order_is_of_the_first_day_that_is_believed(home: Home) -> None:
    shop_of(home, [*EVENTS, sale("o-0", "bob", "1999-01-01")], **GOODS)
    customers, row = fitted(home)
    assert customers.facts.first[row["bob"]] == at("05-01").replace(hour=0).timestamp()
    assert customers.facts.last[row["bob"]] == at("06-20").timestamp()
    assert customers.facts.first[row["ann"]] == at("05-01").timestamp()


def test_price_bands_are_thirds_of_a_category(home: Home) -> None:
    shop_of(home, EVENTS, **GOODS)
    customers, _ = fitted(home)
    assert customers.price_band.tolist() == [2, 1, 0]  # jam, pot (by its sales), tea


def test_who_never_ordered_is_known_and_nothing_is_expected_of_them(home: Home) -> None:
    shop_of(home, EVENTS, **GOODS)
    customers, row = fitted(home)
    cat = row["cat"]
    assert (customers.facts.orders[cat], customers.value.first_day[cat]) == (0, -1)
    assert customers.facts.word(customers.facts.channel, cat) is None


def test_it_goes_through_a_bundle_unchanged(home: Home) -> None:
    shop_of(home, EVENTS, **GOODS)
    customers, _ = fitted(home)
    again = unflatten(CustomerTable, dict(flatten(customers)))
    for field in fields(CustomerTable):
        pairs = zip(flatten_of(customers, field.name), flatten_of(again, field.name), strict=True)
        assert all(np.array_equal(one, other, equal_nan=one.dtype.kind == "f") for one, other in pairs)


def flatten_of(customers: CustomerTable, name: str) -> list[np.ndarray]:
    return [array for part, array in flatten(customers) if part.split(".")[0] == name]
