"""connections.json: secrets of services, whole, private, and read again after each change."""

import pytest

from features.connections.settings_file import (
    Connections,
    DamagedConnections,
    open_to_others,
    read_connections,
    remove_connection,
    save_connection,
)
from features.home import Home


def test_settings_are_kept_by_service_for_their_owner_alone(home: Home) -> None:
    save_connection(home, "shopify", {"secrets": ["one"]})
    save_connection(home, "klaviyo", {"key": "two"})
    assert read_connections(home) == {"shopify": {"secrets": ["one"]}, "klaviyo": {"key": "two"}}
    assert (home.root / "connections.json").stat().st_mode & 0o777 == 0o600


def test_a_long_running_process_sees_each_change(home: Home) -> None:
    connections = Connections(home)
    assert connections.of("shopify") is None
    save_connection(home, "shopify", {"secrets": ["one"]})
    assert connections.of("shopify") == {"secrets": ["one"]}
    assert remove_connection(home, "shopify")
    assert connections.of("shopify") is None
    assert not remove_connection(home, "shopify")


@pytest.mark.parametrize(
    "settings",
    ['{"secrets": "text"}', '{"secrets": [""]}', '{"secrets": null}', '{"secret": 5}', '{"key": ""}'],
)
def test_a_secret_in_another_form_is_damage_and_no_weaker_secret(home: Home, settings: str) -> None:
    home.make_private()
    (home.root / "connections.json").write_text(f'{{"shopify": {settings}}}')
    with pytest.raises(DamagedConnections, match="is damaged"):
        Connections(home).of("shopify")


def test_a_damaged_file_is_named_with_what_to_do_and_stays(home: Home) -> None:
    home.make_private()
    (home.root / "connections.json").write_text("{")
    with pytest.raises(DamagedConnections, match=r"is damaged .*: restore it from a backup"):
        save_connection(home, "shopify", {})
    assert (home.root / "connections.json").read_text() == "{"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_can_read_is_shut_and_said_so(
    home: Home, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    save_connection(home, "shopify", {"secrets": ["one"]})
    path = home.root / "connections.json"
    path.chmod(mode)
    assert open_to_others(home)
    assert Connections(home).of("shopify") == {"secrets": ["one"]}
    assert path.stat().st_mode & 0o777 == 0o600
    assert "could be read by other accounts" in caplog.text
    assert "renew the secrets" in caplog.text
