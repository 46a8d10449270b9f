"""The report of recommendations with how fast they are answered now."""

from msgspec.structs import replace

from api.web.metrics import request_seconds
from features.insights.report import Report, figure

ROUTE = "/v1/recommendations"
QUANTILES = {"latency_p50": 0.5, "latency_p99": 0.99}


def with_latency(report: Report) -> Report:
    """Add the figures to its first part."""
    first, *others = report.parts
    seconds = {name: request_seconds(ROUTE, share) for name, share in QUANTILES.items()}
    figures = [figure(name, each if each is None else each * 1_000) for name, each in seconds.items()]
    return replace(report, parts=[replace(first, figures=[*first.figures, *figures]), *others])
