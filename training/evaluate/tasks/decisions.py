"""What a shop's own offers earned, and what each for all would have: from the log of its decisions."""

from __future__ import annotations

from time import monotonic

import numpy as np

from features.catalogue.products import load_products
from features.home import Home
from recommender.offers.catalogue import NO_OFFER
from training.data.history import load_history
from training.errors import BadDataset
from training.evaluate.tasks.judgement import judged
from training.measure.result import Evaluation
from training.offers.log import decision_outcomes
from training.offers.off_policy import log_of


def evaluate_decisions(home: Home) -> Evaluation:
    """Margin a decision in the days after it, less the offer's cost. Raises BadDataset."""
    began = monotonic()
    catalogue = load_products(home)
    found = decision_outcomes(home, load_history(home, catalogue), catalogue)
    if found is None:
        raise BadDataset("no decision is 14 days old yet: ask POST /v1/offers, and wait")
    responses, propensity = found.responses, found.propensity
    targets = {"perennial": propensity} | {
        f"{arm} for all": (responses.arm == place).astype(np.float64)
        for place, arm in ((-1, NO_OFFER), *enumerate(found.arms))
    }
    metrics = {name: judged(log_of(responses.margin, propensity, target)) for name, target in targets.items()}
    return Evaluation("policy", home.root.name, metrics, len(responses.arm), monotonic() - began, {})
