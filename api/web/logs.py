"""Structured logs: one JSON object a line, without personal data."""

import logging
import sys
from datetime import UTC, datetime

import msgspec

LOGGED_EXTRAS = ("request_id", "route", "version", "reason", "pid", "role")


class JsonLines(logging.Formatter):
    """Time, level, logger, message and those extras that are known to hold no personal data."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in LOGGED_EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def start_logging(level: int = logging.INFO) -> None:
    """Send every logger's records to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)  # tells which builds of itself are not there
