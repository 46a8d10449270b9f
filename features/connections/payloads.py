"""What payloads of shops have in common: money as text, fields that may be empty."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from features.connections.webhook import Json

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised over fields that hold what they should not: text for an object, no pieces, 10**400."""


class BadPayload(ValueError):
    """A payload is not as documented; the message quotes nothing of it."""


def what_is_wrong(error: Exception, payload: Any) -> str:
    """Which field of a payload is bad, and how, for one of UNREADABLE: never its value, which may be personal
    and in the wrong field."""
    if isinstance(error, BadPayload):
        return str(error)
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    if not isinstance(error, ValueError):
        return f"a field is of another kind: {error}"  # of types alone
    text = str(error)  # of what float() and the like could not read, as it came
    where = next((path for path, leaf in _leaves(payload, "") if repr(str(leaf)) in text), None)
    return f"`{where}` cannot be read" if where else "a field cannot be read"


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Path and value of each leaf, like `line_items.0.price`."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def amount(text: Any) -> float:
    """Money and quantities, which are often text; 0 for none. Raises ValueError, TypeError."""
    return float(text) if text not in (None, "") else 0.0


def stated(**fields: Any) -> Json:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value}


def digest(content: Json) -> str:
    """The same for the same content alone."""
    return sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:16]
