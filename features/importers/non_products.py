"""Which lines and rows are no products: postage, fees, vouchers, deposits, tips, adjustments, samples."""

import tomllib
from pathlib import Path

import polars as pl

CODES = ("POST", "DOT", "CRUK", "AMAZONFEE", "BANK CHARGES", "SHIPPING", "POSTAGE", "DISCOUNT", "TIP")
"""Product ids that are never products, whatever their title."""
_PATTERNS = tomllib.loads(Path(__file__).with_name("non_products.toml").read_text("utf-8"))
PRODUCT_WORDS = rf"\b(?:{'|'.join(_PATTERNS.pop('product_words'))})"
TAIL = (
    r"(?: ?[:(\[].*| [–-] ?.*| [£$€]?\d.*| (?:to|for|within|of|fur|nach|in|innerhalb|per|mit|pour|vers|en|"
    r"par|para|por|a|di|verso|voor|naar|do|na|za|ue|eu|uk|de|at|ch|international|inland|ausland|europa|europe)\b.*)?"
)
TITLES = "|".join(pattern.replace("~", TAIL) for language in _PATTERNS.values() for pattern in language)
"""Of whole titles, in lower case and without accents."""


def is_product(product_id: pl.Expr, title: pl.Expr) -> pl.Expr:
    """Boolean: False for charges and bookings that must not be recommended."""
    text = _plain(title.fill_null("").str.strip_chars())
    charged = text.str.contains(rf"^(?:{TITLES})$") & ~text.str.contains(PRODUCT_WORDS)
    return ~(product_id.str.strip_chars().str.to_uppercase().is_in(CODES) | charged)


def _plain(text: pl.Expr) -> pl.Expr:
    """Lower case, without accents."""
    bare = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return bare.str.replace_all("ł", "l").str.replace_all("ß", "ss")
