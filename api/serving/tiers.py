"""The merchant's loyalty tiers, as answers go by them."""

import logging

from features.home import Home
from features.merchant.tiers import read_tiers
from recommender.customers.tiers import BadTiers, TierPlan, read_plan

logger = logging.getLogger("perennial.tiers")


def tier_plan(home: Home) -> TierPlan | None:
    """The merchant's tiers; ones that cannot be used are logged, and nobody has any."""
    try:
        return read_plan(read_tiers(home))
    except BadTiers as error:
        logger.warning("no tiers", extra={"reason": str(error)})
        return None
