"""Where the time of an answer goes, by the service's own metric."""

import re
from collections.abc import Mapping
from urllib.request import Request, urlopen

from loadtests.bench.generator import Address

STAGE = re.compile(r'perennial_stage_seconds_(sum|count)\{stage="(\w+)"\} (\S+)')


def stage_totals(address: Address) -> dict[str, tuple[float, float]]:
    """Stage -> seconds and answers since the service started."""
    url, key = f"http://{address[0]}:{address[1]}/metrics", {"Authorization": "Bearer sk_demo"}
    with urlopen(Request(url, headers=key), timeout=10) as answer:
        text = answer.read().decode()
    samples = {(kind, stage): float(value) for kind, stage, value in STAGE.findall(text)}
    stages = dict.fromkeys(stage for _, stage in samples)
    return {stage: (samples["sum", stage], samples["count", stage]) for stage in stages}


def stage_us(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Stage -> mean microseconds of the answers between two readings."""
    spent = {
        stage: (total - before.get(stage, (0, 0))[0], count - before.get(stage, (0, 0))[1])
        for stage, (total, count) in after.items()
    }
    return {stage: round(total / count * 1e6, 1) for stage, (total, count) in spent.items() if count}
