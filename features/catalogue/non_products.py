"""The shop's own rule of what is no product (postage, fees, deposits), and what is one after all."""

import msgspec
import polars as pl

from features.home import Home
from features.store.files import read_whole, write_whole

RULE_FILE = "non_products.json"
MOST_PATTERNS = 1_000


class NonProducts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of ids and titles, without case; `*` stands for anything: `SHIP-*`, `Trinkgeld*`.

    products: patterns of ids and titles that are products whatever else says; they count first.
    """

    ids: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


class BadRule(Exception):
    """The file cannot be read; the message says where."""


def read_rule(home: Home) -> NonProducts:
    """The rule as the shop set it; an empty one before. Raises BadRule."""
    content = read_whole(home.root / RULE_FILE)
    if content is None:
        return NonProducts()
    try:
        return msgspec.json.decode(content, type=NonProducts)
    except msgspec.MsgspecError as error:
        raise BadRule(
            f"{home.root / RULE_FILE} cannot be read: {error}. Correct it, or delete it."
        ) from error


def write_rule(home: Home, rule: NonProducts) -> None:
    """Replace the file atomically."""
    write_whole(home.root / RULE_FILE, msgspec.json.encode(rule))


def with_shop_rule(home: Home, products: pl.DataFrame) -> pl.DataFrame:
    """The products with `is_product` as the shop's rule has it; unchanged where it says nothing. Raises
    BadRule."""
    rule = read_rule(home)
    if rule == NonProducts():
        return products
    is_none = _matches("product_id", rule.ids) | _matches("title", rule.titles)
    is_one = _matches("product_id", rule.products) | _matches("title", rule.products)
    return products.with_columns(
        is_product=pl.when(is_one).then(True).when(is_none).then(False).otherwise("is_product")
    )


def _matches(column: str, patterns: tuple[str, ...]) -> pl.Expr:
    """Whether a column fits one of the patterns."""
    if not patterns:
        return pl.lit(value=False)
    either = "|".join(_regex(pattern) for pattern in patterns)
    return pl.col(column).str.strip_chars().str.contains(f"(?is)^(?:{either})$").fill_null(value=False)


def _regex(pattern: str) -> str:
    """`*` as anything, `?` as one character, everything else as it is."""
    return "".join({"*": ".*", "?": "."}.get(each, _escaped(each)) for each in pattern.strip())


def _escaped(character: str) -> str:
    """A character as a regular expression that matches it alone."""
    return character if character.isalnum() or character.isspace() else f"\\{character}"
