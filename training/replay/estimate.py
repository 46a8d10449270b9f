"""Clicks an answer under a change, estimated from the log where that can be done, refused where not."""

from collections.abc import Sequence

import msgspec
import numpy as np

from training.offers.off_policy import Value, log_of, refusal, snips
from training.replay.changes import AnsweredTwice

UNSUPPORTED = 0.05  # share of answers, up to which the log may lack what the change would show


class ClickEstimate(msgspec.Struct, frozen=True):
    """Clicks an answer, with 95 % intervals: as logged, and under the change; refused: why there is none."""

    logged: Value
    changed: Value | None = None
    refused: str | None = None


def click_estimate(answers: Sequence[AnsweredTwice]) -> ClickEstimate | None:
    """SNIPS (Swaminathan and Joachims 2015) over the answers that the change leaves as they were shown, each
    weighted by one over the probability with which it was shown; None without answers.

    Outside experiments that probability is 1: an answer that the change alters was then never shown to
    anybody, and nothing is known of how it would do. The weights' mean says how much of the change the log
    has seen: 1 where every answer had its chance.
    """
    if not answers:
        return None
    clicked = np.array([float(each.question.clicked) for each in answers])
    propensity = np.array([each.question.propensity for each in answers])
    same = np.array([float(each.after == each.question.product_ids) for each in answers])
    log, logged = log_of(clicked, propensity, same), snips(log_of(clicked, propensity, propensity))
    seen = float(log.weight.mean())
    if abs(1 - seen) > UNSUPPORTED:
        return ClickEstimate(logged, refused=_why_not(seen))
    if reason := refusal(log):
        return ClickEstimate(logged, refused=reason)
    return ClickEstimate(logged, snips(log))


def _why_not(seen: float) -> str:
    if seen > 1:
        return (
            "the arms of the experiment that ran then gave many of the same answers, with unknown probability"
        )
    return (
        f"{1 - seen:.0%} of the answers would be ones that were never shown; an experiment with the change as"
        " an arm tells what they earn"
    )
