import pytest
from histories import archive, order

from features.home import Home
from loadtests.inside.growth import Growth, write_shop
from training.errors import BadDataset
from training.evaluate.tasks.cold_start import evaluate_cold_start
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=16, als_regularisation=5, als_iterations=5)


def test_content_vectors_find_customers_where_sales_say_nothing(home: Home) -> None:
    """Customers keep to a few categories; the titles name them."""
    write_shop(home, Growth(products=1_000, customers=300, orders=6_000, views=0))
    found = evaluate_cold_start(home, settings=SETTINGS).metrics
    own, others = found["perennial"], [found["kind popularity"], found["zero vectors"]]
    for measure in ("recall@5", "mrr@20"):
        assert own[measure]["low"] > max(other[measure]["high"] for other in others)
    assert own["coverage@100"]["value"] > 0.5
    assert found["zero vectors"]["coverage@100"]["value"] == 0.0


def test_a_shop_with_too_few_products_is_refused(home: Home) -> None:
    archive(home, [order("a", customer="c")])
    with pytest.raises(BadDataset, match="too few products"):
        evaluate_cold_start(home)
