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
