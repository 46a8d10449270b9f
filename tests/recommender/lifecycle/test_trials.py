"""Messages to who is held out, and to the arms of an experiment about offers."""

from datetime import timedelta
from itertools import count
from typing import Any

from recommender.experiments.assignment import Trials, arm_of, is_held_out
from recommender.experiments.plan import Arm, Experiment
from recommender.lifecycle.vocabulary.occasion import SERVICE

from lifecycle_shop import FREE, HOUR, Shop

HELD_OUT = next(f"c-{n}" for n in count() if is_held_out(f"c-{n}", 0.05))
FEWER = Experiment(id="f", arms=(Arm(id="all"), Arm(id="none", offers=())))
CART = {**FREE, "abandoned_cart": {"offers": ["ten", "next_best", "post"]}}


def drawn(arm: str) -> str:
    names = (f"c-{n}" for n in count())
    return next(
        name for name in names if (assigned := arm_of(FEWER, name)) is not None and assigned.id == arm
    )


def kinds(customer: str, **parts: Any) -> set[str]:
    story: list[tuple[str, timedelta, dict[str, Any]]] = [
        ("identify", timedelta(days=2), {"anonymous_id": "a-1", "customer_id": customer}),
        ("purchase", timedelta(days=1, hours=1), {"items": [("kettle", 1, 30.0)]}),
        ("add_to_cart", 2 * HOUR, {"product_id": "pot"}),
    ]
    shop = Shop(customer, **parts).hears(*story)
    return {trigger.kind for trigger in shop.looks()}


def test_held_out_customers_get_messages_about_orders_alone() -> None:
    usual, held_out = kinds(HELD_OUT), kinds(HELD_OUT, trials=Trials((), 0.05))
    assert "abandoned_cart" in usual
    assert held_out == usual & SERVICE != set()


def test_nobody_else_gets_fewer_messages() -> None:
    someone = next(f"c-{n}" for n in count() if not is_held_out(f"c-{n}", 0.05))
    assert kinds(someone, trials=Trials((), 0.05)) == kinds(someone)


def test_an_arm_without_offers_is_written_to_without_them() -> None:
    offers = {}
    for arm in ("all", "none"):
        shop = Shop(drawn(arm), CART, trials=Trials([FEWER]))
        shop.hears(("add_to_cart", 2 * HOUR, {"product_id": "pot"}))
        (trigger,) = shop.looks()
        offers[arm] = trigger.offer
    assert offers == {"all": "ten", "none": None}
