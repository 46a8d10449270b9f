"""Which format a file of orders is in, recognised by its columns."""

from collections.abc import Mapping
from dataclasses import replace

from features.importers.events_table import EVENTS_TABLE
from features.importers.lines import Format
from features.importers.online_retail import ONLINE_RETAIL
from features.importers.platforms.amazon import AMAZON
from features.importers.platforms.bigcommerce import BIGCOMMERCE
from features.importers.platforms.ebay import EBAY
from features.importers.platforms.etsy import ETSY, ETSY_ORDERS
from features.importers.platforms.magento import MAGENTO, MAGENTO_GRID
from features.importers.platforms.prestashop import PRESTASHOP, PRESTASHOP_GRID
from features.importers.platforms.shopify import SHOPIFY
from features.importers.platforms.shopware5 import SHOPWARE5
from features.importers.platforms.shopware6 import SHOPWARE6
from features.importers.platforms.square import SQUARE
from features.importers.platforms.squarespace import SQUARESPACE
from features.importers.platforms.stripe import STRIPE
from features.importers.platforms.wix import WIX
from features.importers.platforms.woo_advanced import WOO_ADVANCED
from features.importers.platforms.woo_analytics import WOO_ANALYTICS
from features.importers.platforms.woo_webtoffee import WOO_WEBTOFFEE
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable

AUTO = "auto"
ORDER_FORMATS = {
    each.name: each
    for each in (
        SHOPIFY,
        WOO_ANALYTICS,
        WOO_ADVANCED,
        WOO_WEBTOFFEE,
        MAGENTO,
        MAGENTO_GRID,
        PRESTASHOP,
        PRESTASHOP_GRID,
        BIGCOMMERCE,
        SQUARESPACE,
        SQUARE,
        ETSY,
        ETSY_ORDERS,
        WIX,
        AMAZON,
        EBAY,
        SHOPWARE5,
        SHOPWARE6,
        STRIPE,
        ONLINE_RETAIL,
        EVENTS_TABLE,
    )
}
TAKEN = [name for name, each in ORDER_FORMATS.items() if not each.instead]
NEAR = 0.5
"""A format that has this share of the columns that it needs is named where a file fits none."""


def fitting(formats: Mapping[str, Format], table: FileTable) -> Format | None:
    """The format whose required columns are all there; of several the one that knows most of the columns."""
    whole = [each for each in formats.values() if not each.missing(table.cells)]
    return max(whole, key=lambda each: len(set(each.headers(table.cells).values())), default=None)


def pick_format(formats: Mapping[str, Format], table: FileTable, requested: str) -> tuple[Format, str]:
    """The one of `formats` that was requested or that fits the table's columns, and why.

    Raises ImportRefused, with the missing columns and those that are there.
    """
    if requested != AUTO:
        return pick_requested(formats, table, requested), "as asked for"
    if (fits := fitting(formats, table)) is None:
        raise ImportRefused(f"{no_known_format(formats, table)} Known: {'; '.join(_known(formats))}.")
    return fits, f"has its columns {', '.join(fits.needed())}"


def pick_requested(
    formats: Mapping[str, Format], table: FileTable, requested: str, columns: Mapping[str, str] | None = None
) -> Format:
    """The format of that name, with `columns` (our name -> header) instead of its own where they are given.

    Raises ImportRefused.
    """
    if requested not in formats:
        names = [AUTO, *(name for name, each in formats.items() if not each.instead)]
        raise ImportRefused(f"Unknown format {requested!r}. Use {', '.join(names)}.")
    chosen = with_columns(formats[requested], columns or {})
    if missing := chosen.missing(table.cells):
        fits = fitting(formats, table)
        hint = f" It fits {fits.name}: leave --format out." if fits else ""
        raise ImportRefused(
            f"A {chosen.name} file needs the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"(case and punctuation do not matter). Found: {listed(table)}.{hint}"
        )
    return chosen


def with_columns(each: Format, columns: Mapping[str, str]) -> Format:
    """The format with these headers for our names."""
    return replace(each, columns={**each.columns, **{name: (header,) for name, header in columns.items()}})


def no_known_format(formats: Mapping[str, Format], table: FileTable) -> str:
    """What is said of a table that fits none of the formats."""
    nearest = max(formats.values(), key=lambda each: _share_found(each, table))
    near = (
        f" It is nearest to {nearest.name}, which also needs the column "
        f"{', '.join(nearest.missing(table.cells))}."
        if _share_found(nearest, table) >= NEAR
        else ""
    )
    return f"The columns are those of no known format. Found: {listed(table)}.{near}"


def listed(table: FileTable) -> str:
    """The headers of a table, for messages."""
    shown = [header[:40] for header in table.cells.columns[:40]]
    return ", ".join(shown) or "no columns"


def _known(formats: Mapping[str, Format]) -> list[str]:
    return [f"{each.name} ({', '.join(each.needed())})" for each in formats.values() if not each.instead]


def _share_found(each: Format, table: FileTable) -> float:
    return 1 - len(each.missing(table.cells)) / len(each.required)
