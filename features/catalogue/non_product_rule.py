"""The file of the shop's own rule of what is no product (postage, fees), and what is one after all."""

from typing import Annotated

import msgspec

from features.home import Home
from features.store.files import read_whole, write_whole

RULE_FILE = "non_products.json"
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(max_length=1_000)]


class NonProductRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of whole ids and titles, without case; `*` stands for anything, `?` for one character:
    `SHIP-*`, `Trinkgeld*`.

    products: patterns of ids and titles that are products whatever else says; they count first.
    """

    ids: Patterns = ()
    titles: Patterns = ()
    products: Patterns = ()


class BadRule(Exception):
    """The file cannot be read; the message says where."""


def read_rule(home: Home) -> NonProductRule:
    """The rule as the shop set it; an empty one before. Raises BadRule."""
    content = read_whole(home.root / RULE_FILE)
    if content is None:
        return NonProductRule()
    try:
        return msgspec.json.decode(content, type=NonProductRule)
    except msgspec.MsgspecError as error:
        path = home.root / RULE_FILE
        raise BadRule(f"{path} cannot be read: {error}. Correct it, or delete it.") from error


def write_rule(home: Home, rule: bytes) -> None:
    """Replace the file atomically."""
    write_whole(home.root / RULE_FILE, rule)
