"""Margin of a shop's own offer decisions, and of each arm for everybody, estimated from the decision log."""

from time import monotonic

import numpy as np

from features.catalogue.products import load_products
from features.home import Home
from recommender.offers.catalogue import NO_OFFER
from training.data.history import load_history
from training.errors import BadDataset
from training.evaluate.tasks.judgement import policy_metrics
from training.measure.result import Evaluation
from training.offers.log import decision_outcomes
from training.offers.off_policy import log_of


def evaluate_decisions(home: Home) -> Evaluation:
    """Margin a decision in the days after it, less the offer's cost. Raises BadDataset."""
    began = monotonic()
    catalogue = load_products(home)
    logged = decision_outcomes(home, load_history(home, catalogue), catalogue)
    if logged is None:
        raise BadDataset("no decision is 14 days old yet: ask POST /v1/offers, and wait")
    responses, propensity = logged.responses, logged.propensity
    targets = {"perennial": propensity} | {
        f"{arm} for all": (responses.arm == index).astype(np.float64)
        for index, arm in ((-1, NO_OFFER), *enumerate(logged.arms))
    }
    metrics = {
        name: policy_metrics(log_of(responses.margin, propensity, target)) for name, target in targets.items()
    }
    return Evaluation("policy", home.root.name, metrics, len(responses.arm), monotonic() - began, {})
