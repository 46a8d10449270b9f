"""What is told of a customer's erasure and export."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class Erasure(msgspec.Struct, frozen=True):
    """An erasure that has begun. Nothing of the customer is served any more, nothing new of them is kept; the
    worker takes them out of Redis, history and models within a minute or two."""

    customer_id: str
    state: Literal["erasing"] = "erasing"


class CustomerExport(msgspec.Struct, frozen=True):
    """Everything that is held about a customer; `summary` says it in sentences. names: all that they go by;
    emails: addresses, where the shop has them kept.

    orders, events: rows of the history, a row a line; live: what Redis holds, by customer and browser (facts,
    consents, messages, promised offers); derived: what the model makes of them.
    """

    customer_id: str
    exported_at: datetime
    summary: list[str]
    names: list[str]
    emails: list[str]
    browsers: list[str]
    sessions: list[str]
    orders: list[dict[str, Any]]
    events: list[dict[str, Any]]
    recommendations: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    rejected_lines: dict[str, list[str]]
    live: dict[str, Any]
    derived: dict[str, Any]
