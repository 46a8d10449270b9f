"""For how long a product is hidden from somebody who has bought it."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.data.history import History
from training.data.repeat import customer_days, shrunk

REST_STEPS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 540, 730)  # days
REST_PRIOR_PURCHASES = 5.0  # purchases at which a product's own share weighs as much as its category's
NEVER = np.iinfo(np.int32).max


def rest_table(
    history: History, category: NDArray[np.int32], share: float | None, days: int
) -> NDArray[np.int32]:
    """(n_items) int32: days for which each is hidden: by `rest_days`, without a share `days` for all."""
    if share is None:
        return np.full(len(category), days, np.int32)
    return rest_days(bought_again(history, category), share, days)


def rest_days(shares: NDArray[np.float32], share: float, days: int) -> NDArray[np.int32]:
    """(n_items) int32: days for which less than this share of its buyers bought each again; of those whose
    share the history does not see reached, all that it sees, and not less than `days`.

    shares: from `bought_again`, so at most two years; with a share of 0 nothing rests.
    """
    steps = np.array([0, *REST_STEPS], np.int32)
    passed = np.logical_and.accumulate(shares < share).sum(axis=0)
    unreached = (passed == len(shares)) & (share > 0)
    rest: NDArray[np.int32] = np.where(unreached, np.maximum(steps[passed], days), steps[passed])
    return rest.astype(np.int32)


def bought_again(history: History, category: NDArray[np.int32]) -> NDArray[np.float32]:
    """(n_steps, n_items) float32: share of each item's purchases after which the customer bought it again
    within so many days, one row for each of REST_STEPS that the history is long enough to tell of.

    Only purchases that are old enough count. Shrunk towards the category's share, and that to the shop's.
    """
    own = customer_days(history)
    pair = own["customer"].to_numpy().astype(np.int64) * len(category) + own["item"].to_numpy()
    item, day = own["item"].to_numpy(), own["day"].to_numpy()
    gap = np.full(len(day), NEVER)
    gap[:-1][pair[1:] == pair[:-1]] = np.diff(day)[pair[1:] == pair[:-1]]
    age = day.max(initial=0) - day
    told = [step for step in REST_STEPS if step <= age.max(initial=0)]
    shares = [_share_of(item[age >= step], gap[age >= step] <= step, category) for step in told]
    return np.array(shares, np.float32).reshape(len(told), len(category))


def _share_of(
    item: NDArray[np.int32], again: NDArray[np.bool_], category: NDArray[np.int32]
) -> NDArray[np.float32]:
    """(n_items): share of each item's purchases that were followed by another one."""
    n = np.bincount(item, minlength=len(category))
    value = np.bincount(item, again, len(category)) / np.maximum(n, 1)
    measured = pl.DataFrame({"item": np.arange(len(category)), "n": n, "value": value})
    return shrunk(measured, category, REST_PRIOR_PURCHASES, 0.0)
