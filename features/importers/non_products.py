"""Which order lines are not products: postage, fees, adjustments, vouchers, samples."""

import polars as pl

CODES = ("POST", "DOT", "CRUK", "AMAZONFEE", "BANK CHARGES", "SHIPPING", "POSTAGE", "DISCOUNT", "TIP")
"""Product ids that are never products, whatever their title."""

TITLES = (
    r"(\w+ )?(postage|shipping|p&p)( (and|&) (packing|packaging|handling))?",
    r"((next|same) day |express |standard |free )?(carriage|delivery|shipping)( charges?| costs?| fees?)?",
    r"(bank|packing|handling|service|delivery|shipping|postage) (charges?|fees?|costs?)",
    r"(\w+ )?(fees?|commission)",
    r"(\w+ )?discounts?",
    r"(\w+ )*(re-?)?adjust(ments?)?( bad debt)?",
    r"manual|tip|gratuity|donation",
    r"(show |free )?samples?",
    r".*\bgift (voucher|card|certificate)s?\b.*",
)
"""Regular expressions of whole titles, case-insensitive: FRENCH CARRIAGE LANTERN remains a product."""

PRODUCT_WORDS = r"\b(holder|box|case|wallet|envelope|set of)\b"
"""A title with one of these words is a product after all: a gift card holder is not a gift card."""


def is_product(product_id: pl.Expr, title: pl.Expr) -> pl.Expr:
    """Boolean: False for charges and bookings that must not be recommended."""
    text = title.fill_null("").str.strip_chars().str.to_lowercase()
    charged = text.str.contains(rf"^({'|'.join(TITLES)})$") & ~text.str.contains(PRODUCT_WORDS)
    return ~(product_id.str.to_uppercase().is_in(CODES) | charged)
