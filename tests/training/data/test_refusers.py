"""Who said no to profiling has no name in a model."""

from datetime import timedelta
from pathlib import Path

from histories import history_of, order

from features.events.vocabulary import Event
from features.home import Home

from factories import NOW, event


def said(customer: str, days_ago: int, **properties: bool) -> Event:
    return event("consent", at=NOW - timedelta(days=days_ago), customer_id=customer, properties=properties)


def test_their_orders_are_guests_orders_until_they_say_yes(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *[order("a", customer=customer) for customer in ("ann", "bob", "cy", "di")],
        said("ann", 2, profiling=True),
        said("ann", 1, profiling=False),
        said("bob", 2, profiling=False),
        said("bob", 1, profiling=True),
        said("cy", 1, email=False, all=False),
    )
    assert history.customer_ids == ["bob", "cy", "di"]
    assert len(history.purchases) == 4


def test_their_visits_train_nothing(tmp_path: Path) -> None:
    def view(product: str, browser: str, customer: str | None = None) -> Event:
        return event("view", product_id=product, anonymous_id=browser, customer_id=customer)

    history = history_of(
        Home(tmp_path),
        view("a", "b-ann", "ann"),
        view("b", "b-ann"),  # of a browser of hers
        view("c", "b-no"),
        view("d", "b-yes"),
        view("e", "b-bob", "bob"),
        order("f", customer="ann"),
        said("ann", 1, profiling=False),
        event("consent", anonymous_id="b-no", properties={"profiling": False}),
        event("consent", anonymous_id="b-yes", properties={"profiling": True}),
    )
    assert sorted(history.product_ids[item] for item in history.visits.item) == ["d", "e"]
    assert len(history.purchases) == 1
