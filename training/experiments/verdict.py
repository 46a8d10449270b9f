"""The verdict of an experiment in plain words, and how many days an undecided one still needs."""

from math import ceil, inf
from typing import Literal, NamedTuple

from training.experiments.effects import Effect, Visitors, effect
from training.experiments.sequential import Interval, always_valid, radius, sample_ratio

VerdictCode = Literal["better", "worse", "no_matter", "not_enough", "unbalanced", "no_traffic"]
WORTHWHILE = 0.05
"""The smallest relative difference that an owner would act on, by default."""
UNBALANCED = 0.001
FEWEST_BUYERS = 100  # of each arm, below which no verdict is given
LONGEST_DAYS = 365


class ArmVerdict(NamedTuple):
    """Of one arm against the control. relative: difference over the control's metric; minimum_detectable:
    the smallest relative difference that today's visitors could have shown; days_to_go: until the
    worthwhile one could be shown; None where the verdict is final or that takes over a year."""

    code: VerdictCode
    text: str
    difference: float
    interval: Interval
    relative: float
    minimum_detectable: float
    days_to_go: int | None


def verdict(
    control: Visitors,
    treated: Visitors,
    days: float,
    weights: tuple[float, float] = (1.0, 1.0),
    worthwhile: float = WORTHWHILE,
) -> ArmVerdict:
    """days: since the first visitor; where they are not positive, no days to go are predicted."""
    counts = [len(control.outcome), len(treated.outcome)]
    if min(counts) < 2:
        return _undecided(
            "no_traffic", "One of the arms has had no visitors: look at its weight and placement."
        )
    if sample_ratio(counts, list(weights)) < UNBALANCED:
        return _undecided("unbalanced", _unbalanced(counts, weights))
    estimate = effect(control, treated)
    expected = worthwhile * abs(estimate.control)
    interval = always_valid(estimate, expected)
    relative = estimate.difference / abs(estimate.control) if estimate.control else 0.0
    detectable = (
        radius(estimate.variance, expected) / abs(estimate.control) if expected and estimate.variance else inf
    )
    thin = min(int((arm.outcome != 0).sum()) for arm in (control, treated)) < FEWEST_BUYERS
    code = "not_enough" if thin else _code(interval, expected)
    more = days_to_go(estimate, expected, days) if code == "not_enough" else None
    text = _text(code, estimate, interval, more, worthwhile)
    return ArmVerdict(code, text, estimate.difference, interval, relative, detectable, more)


def days_to_go(estimate: Effect, expected: float, days: float) -> int | None:
    """Until the interval is narrower than the worthwhile difference, at this pace; None: over a year."""
    if days <= 0 or expected <= 0 or estimate.variance <= 0:
        return None
    low, high = 1.0, 1.0 + LONGEST_DAYS / days
    if radius(estimate.variance / high, expected) > expected:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (low, middle) if radius(estimate.variance / middle, expected) <= expected else (middle, high)
        )
    return max(1, ceil((high - 1) * days))


def _code(interval: Interval, expected: float) -> VerdictCode:
    if interval.low > 0:
        return "better"
    if interval.high < 0:
        return "worse"
    return "no_matter" if -expected < interval.low and interval.high < expected else "not_enough"


def _text(
    code: VerdictCode, estimate: Effect, interval: Interval, more: int | None, worthwhile: float
) -> str:
    span = f"between {interval.low:+.3g} and {interval.high:+.3g}"
    if code in ("better", "worse"):
        percent = f" ({estimate.difference / abs(estimate.control):+.1%})" if estimate.control else ""
        return (
            f"It is {code}: {estimate.difference:+.3g} a visitor{percent}, surely {span}. You may stop here."
        )
    if code == "no_matter":
        return f"It makes no difference of {worthwhile:.0%} or more: {span}. Keep what is simpler."
    when = (
        f"about {more} days more"
        if more is not None
        else "more than a year at this pace, so try a bolder change"
    )
    return f"Not enough yet: {when}. So far {estimate.difference:+.3g} a visitor, {span}."


def _unbalanced(counts: list[int], weights: tuple[float, float]) -> str:
    return (
        f"The arms got {counts[0]:,} and {counts[1]:,} visitors where weights say {weights[0]:g} to"
        f" {weights[1]:g}: something loses visitors of one arm. Trust no figure here until it is found."
    )


def _undecided(code: VerdictCode, text: str) -> ArmVerdict:
    return ArmVerdict(code, text, 0.0, Interval(-inf, inf, 1.0), 0.0, inf, None)
