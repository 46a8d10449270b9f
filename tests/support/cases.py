"""Cases of an evaluation, for tests of what they ask."""

from features.live.shopper_state import ShopperState
from training.measure.compare import Case


def shopper_of(case: Case) -> ShopperState:
    """What the shopper of a case did lately, as the case's author wrote it."""
    assert isinstance(case.request.shopper, ShopperState)
    return case.request.shopper
