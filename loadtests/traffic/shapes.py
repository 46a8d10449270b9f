"""How load changes over a run: multiples of the basic rate, by the share of the run that has passed."""

from collections.abc import Callable

RAMP_TOP = 10.0
SPIKE = 5.0

LOAD_SHAPES: dict[str, Callable[[float], float]] = {
    "steady": lambda _passed: 1.0,
    "soak": lambda _passed: 0.5,  # for hours: half the load, to see what grows
    "spike": lambda passed: SPIKE if 0.4 <= passed < 0.6 else 1.0,
    "ramp": lambda passed: RAMP_TOP * passed,  # until something gives
}
