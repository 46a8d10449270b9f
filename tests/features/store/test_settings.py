import pytest

from features.store.settings import StoreSettings


def test_the_stores_url_is_read_from_redis_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://shop.example")
    monkeypatch.setenv("PERENNIAL_REDIS_DEADLINE_MS", "20")
    settings = StoreSettings()
    assert (settings.redis_url, settings.redis_deadline_ms) == ("redis://shop.example", 20)


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in StoreSettings.model_fields.values())
