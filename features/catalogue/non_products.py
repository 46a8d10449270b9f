"""Which products of the catalogue the shop's own rule calls none."""

import polars as pl

from features.catalogue.non_product_rule import NonProductRule


def under_rule(rule: NonProductRule, products: pl.DataFrame) -> pl.DataFrame:
    """The products with `is_product` as the rule has it; unchanged where it says nothing."""
    if rule == NonProductRule():
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
    return character if character.isalnum() or character.isspace() else rf"\x{{{ord(character):x}}}"
