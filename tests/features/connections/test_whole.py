"""Settings that lack something: which field, and the command that mends it."""

from typing import Any

import pytest

from features.connections.settings_file import DamagedConnections
from features.connections.whole import NEEDED, require_whole, what_is_missing


@pytest.mark.parametrize("service", NEEDED)
def test_what_is_missing_is_named_with_the_command_that_mends_it(service: str) -> None:
    whole: dict[str, Any] = dict.fromkeys(NEEDED[service], "something")
    assert require_whole(service, whole | {"more": 1}) == whole | {"more": 1}
    for name in whole:
        for lacking in (whole | {name: ""}, whole | {name: []}, {**whole, name: None}):
            with pytest.raises(DamagedConnections, match=rf"`{name}` .*`perennial connect {service}[ `]"):
                require_whole(service, lacking)
    assert all(f"`{name}`" in str(what_is_missing(service, {})) for name in whole)


def test_a_service_that_needs_nothing_lacks_nothing() -> None:
    assert what_is_missing("mail-images", {}) is None
