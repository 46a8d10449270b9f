"""The merchant's loyalty tiers, as answers go by them, and the lock round a change of them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from features.home import Home
from features.merchant.tiers import read_tiers
from features.store.locks import try_lock, unlock
from recommender.customers.tiers import BadTiers, TierPlan, read_plan

logger = logging.getLogger("perennial.tiers")
WAIT_S = 0.01


def tier_plan(home: Home) -> TierPlan | None:
    """The merchant's tiers; ones that cannot be used are logged, and nobody has any."""
    try:
        return read_plan(read_tiers(home))
    except BadTiers as error:
        logger.warning("no tiers", extra={"reason": str(error)})
        return None


@asynccontextmanager
async def changing_file(home: Home, name: str) -> AsyncIterator[None]:
    """To be held from saving a version to writing the file, so that both hold the same at the end.

    Waits without a thread: the threads are the holder's to write with.
    """
    path = (home.root / name).with_suffix(".lock")
    while (file := try_lock(path)) is None:
        await asyncio.sleep(WAIT_S)
    try:
        yield
    finally:
        unlock(file)
