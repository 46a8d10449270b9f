"""The rest that a shop's shoppers keep."""

import numpy as np
import pytest
from histories import history_of, order

from features.catalogue.products import load_products
from features.home import Home
from training.data.history import History
from training.run.train import fit
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=2, als_iterations=2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("rest"))


@pytest.fixture(scope="module")
def grocer(home: Home) -> History:
    """120 customers buy milk every third day, and each time another of 30 pots, once."""
    return history_of(
        home,
        *(
            order("milk", f"pot-{(7 * number + visit) % 30}", customer=f"c{number}", days_ago=ago)
            for number in range(120)
            for visit, ago in enumerate(range(number % 3, 60, 3))
        ),
    )


def test_what_is_bought_every_third_day_rests_less_than_what_is_bought_once(
    grocer: History, home: Home
) -> None:
    tables, _, rehearsal = fit(grocer, load_products(home), SETTINGS)
    rest, milk = tables.product.rest_days, grocer.product_ids.index("milk")
    assert rehearsal.settings.rest_share is not None
    assert rest[milk] <= 2
    assert np.median(np.delete(rest, milk)) > 14


def test_a_share_that_is_set_stays(grocer: History, home: Home) -> None:
    tables, _, rehearsal = fit(grocer, load_products(home), SETTINGS.model_copy(update={"rest_share": 0.0}))
    assert rehearsal.settings.rest_share == 0
    assert not tables.product.rest_days.any()


def test_too_few_orders_leave_two_weeks(grocer: History, home: Home) -> None:
    few = grocer.before(grocer.until).sample_customers(300, 7)
    tables, _, rehearsal = fit(few, load_products(home), SETTINGS)
    assert rehearsal.settings.rest_share is None
    assert set(tables.product.rest_days.tolist()) == {14}
