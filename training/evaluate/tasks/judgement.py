"""Metrics of a policy, estimated from a log; none where the log is not sufficient."""

from training.measure.metrics import Metrics
from training.offers.off_policy import Log, dr, effective_sample_size, refusal, snips


def policy_metrics(log: Log) -> Metrics:
    """value (SNIPS) and dr, reward a decision with 95 % intervals, and ess; refused: ess alone."""
    metrics: Metrics = {"ess": {"value": effective_sample_size(log)}}
    if refusal(log) is None:
        metrics = {"value": snips(log)._asdict(), "dr": dr(log)._asdict(), **metrics}
    return metrics
