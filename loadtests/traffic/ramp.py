"""Up to which rate a ramp kept the promises."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from loadtests.goals.slo import Row, breaches_of

Seconds = Mapping[int, Mapping[str, Row]]


class Sustained(NamedTuple):
    """What a ramp held. until_s: the end of the last part that kept the promises; 0: none did."""

    rate: int
    until_s: int


def sustained(slo: Mapping[str, Any], seconds: Seconds, length_s: int) -> Sustained:
    """Requests a second in the last part of a ramp before two in a row that broke a promise.

    seconds: what was due in each second, by name. The parts are long enough for their quantiles to
    mean something; the last one counts as broken on its own.
    """
    width_s = max(round(length_s / slo["ramp"]["parts"]), 1)
    parts = [_part(seconds, start, width_s) for start in range(0, length_s, width_s)]
    broken = [bool(breaches_of(slo, part.values(), slo["ramp"]["samples_beyond"])) for part in parts]
    held = Sustained(0, 0)
    for number, part in enumerate(parts):
        if all(broken[number : number + 2]):
            break
        if not broken[number]:
            rate = round(sum(len(row.latency) for row in part.values()) / width_s)
            held = Sustained(rate, (number + 1) * width_s)
    return held


def _part(seconds: Seconds, start: int, width_s: int) -> dict[str, Row]:
    """Some seconds in one."""
    rows: dict[str, Row] = {}
    for second in range(start, start + width_s):
        for name, row in seconds.get(second, {}).items():
            rows.setdefault(name, Row(name)).merge(row)
    return rows
