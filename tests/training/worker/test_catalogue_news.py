"""What the worker sees of a feed."""

import redis
from histories import list_products

from features.catalogue.live_changes import put_changes_sync
from features.catalogue.products import load_products
from features.home import Home
from training.worker.catalogue_news import CatalogueNews


def test_new_products_and_texts_are_news_prices_are_not(home: Home, client: redis.Redis) -> None:
    news = CatalogueNews(client, home, every_s=0)
    assert not news.digest()
    list_products(home, {"mug": "Mug"}, price=[5.0])
    first = news.digest()
    assert first
    put_changes_sync(client, {"mug": {"price": 6.0, "stock": 2}})
    assert news.digest() == first
    put_changes_sync(client, {"mug": {"title": "Red mug"}})
    second = news.digest()
    put_changes_sync(client, {"cup": {"title": "Cup", "price": 3.0}})
    assert len({first, second, news.digest()}) == 3
    assert load_products(home)["product_id"].to_list() == ["cup", "mug"]


def test_it_reads_no_more_often_than_it_may(home: Home, client: redis.Redis) -> None:
    news = CatalogueNews(client, home, every_s=3_600)
    before = news.digest()
    list_products(home, {"mug": "Mug"})
    assert news.digest() == before
