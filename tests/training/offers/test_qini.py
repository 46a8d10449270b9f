from itertools import pairwise

import numpy as np
import pytest

from training.offers.qini import auuc, qini

SCORE = np.array([0.9, 0.8, 0.8, 0.6, 0.4, 0.3, 0.3, 0.1])
TREATED = np.array([True, False, True, True, False, True, False, False])
BOUGHT = np.array([1.0, 0, 1, 0, 1, 0, 0, 1])


def by_definition(score: np.ndarray, treated: np.ndarray, bought: np.ndarray, kind: str) -> float:
    """Area over the random line: the curve at each threshold counted anew."""
    points = [(0.0, 0.0)]
    for least in sorted(set(score.tolist()), reverse=True):
        t, c = treated & (score >= least), ~treated & (score >= least)
        n_t, n_c = t.sum(), c.sum()
        if kind == "qini":
            height = bought[t].sum() - (bought[c].sum() * n_t / n_c if n_c else 0)
        else:
            rates = [bought[of].sum() / of.sum() if of.sum() else 0.0 for of in (t, c)]
            height = (rates[0] - rates[1]) * (n_t + n_c)
        points.append((float(n_t + n_c), float(height)))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(points))
    return area - points[-1][0] * points[-1][1] / 2


def test_qini_is_the_area_over_that_of_treated_buyers_first_and_control_buyers_last() -> None:
    perfect = np.where(TREATED, BOUGHT, -BOUGHT)
    expected = by_definition(SCORE, TREATED, BOUGHT, "qini") / by_definition(perfect, TREATED, BOUGHT, "qini")
    assert qini(SCORE, TREATED, BOUGHT) == pytest.approx(expected)
    assert qini(perfect, TREATED, BOUGHT) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
def test_auuc_is_the_same_of_differences_of_rates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score, treated, bought = (
        rng.integers(9, size=60) / 9,
        rng.random(60) < 0.4,
        (rng.random(60) < 0.3).astype(float),
    )
    more = (~treated & (bought == 1)).sum() > (treated & (bought == 0)).sum()
    perfect = 2.0 * (bought == treated) + (bought if more else treated)
    expected = by_definition(score, treated, bought, "auuc") / by_definition(perfect, treated, bought, "auuc")
    assert auuc(score, treated, bought) == pytest.approx(expected)


def test_one_score_for_all_is_worth_nothing() -> None:
    assert qini(np.ones(8), TREATED, BOUGHT) == pytest.approx(0.0)
