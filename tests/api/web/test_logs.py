"""Log lines are JSON and hold no personal data."""

import json
import logging
import sys

from api.web.logs import JsonLines


def line(**extra: object) -> dict[str, object]:
    record = logging.makeLogRecord({"name": "perennial.api", "levelname": "WARNING", "msg": "late", **extra})
    parsed: dict[str, object] = json.loads(JsonLines().format(record))
    return parsed


def test_a_line_has_time_level_logger_and_message() -> None:
    parsed = line(created=0.5)
    assert parsed == {
        "time": "1970-01-01T00:00:00.500000Z",
        "level": "warning",
        "logger": "perennial.api",
        "message": "late",
    }


def test_of_the_extras_only_those_without_personal_data_are_written() -> None:
    parsed = line(request_id="1f", customer_id="ann")
    assert parsed["request_id"] == "1f"
    assert "customer_id" not in parsed


def test_an_exception_brings_its_traceback() -> None:
    try:
        int("thing")
    except ValueError:
        parsed = line(exc_info=sys.exc_info())
    assert "ValueError: invalid literal" in str(parsed["exception"])
