"""A policy's figures from a log, or none where the log cannot tell."""

from __future__ import annotations

from training.measure.metrics import Metrics
from training.offers.off_policy import Log, dr, effective_sample_size, refusal, snips


def judged(log: Log) -> Metrics:
    """value (SNIPS) and dr, reward a decision with 95 % intervals, and ess; refused: ess alone."""
    found: Metrics = {"ess": {"value": effective_sample_size(log)}}
    if refusal(log) is None:
        found = {"value": snips(log)._asdict(), "dr": dr(log)._asdict(), **found}
    return found
