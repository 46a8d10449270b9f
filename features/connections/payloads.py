"""What payloads of shops have in common: money as text, fields that may be empty."""

from hashlib import sha256
from typing import Any

import msgspec

from features.connections.webhook import Json

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised over fields that hold what they should not: text for an object, no pieces, 10**400."""


def amount(text: Any) -> float:
    """Money and quantities, which are often text; 0 for none. Raises ValueError, TypeError."""
    return float(text) if text not in (None, "") else 0.0


def stated(**fields: Any) -> Json:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value}


def digest(content: Json) -> str:
    """The same for the same content alone."""
    return sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:16]
