"""Which format a file of orders is in, recognised by its columns."""

from collections.abc import Mapping

from features.importers.events_table import EVENTS_TABLE
from features.importers.lines import Format
from features.importers.online_retail import ONLINE_RETAIL
from features.importers.refusal import ImportRefused
from features.importers.shopify_orders import SHOPIFY
from features.importers.table import FileTable

ORDER_FORMATS = {each.name: each for each in (ONLINE_RETAIL, SHOPIFY, EVENTS_TABLE)}


def pick_orders_format(table: FileTable, requested: str) -> tuple[Format, str]:
    """The format of a table and why it was chosen; `requested` is a name of ORDER_FORMATS, or "auto".

    Raises ImportRefused, with the missing columns and those that are there.
    """
    if requested == "woocommerce":
        raise ImportRefused(
            "WooCommerce has no orders export of its own, and plug-ins differ. "
            "Rename the columns to customer_id, event, product_id, quantity, unit_price, order_id, timestamp "
            "(event is purchase) and import that as --format events."
        )
    if table.kind == "jsonl":
        return _json_events(requested)
    return pick_format(ORDER_FORMATS, table, requested)


def pick_format(formats: Mapping[str, Format], table: FileTable, requested: str) -> tuple[Format, str]:
    """The one of `formats` that was requested or that fits the table's columns, and why."""
    if requested not in {"auto", *formats}:
        raise ImportRefused(f"Unknown format {requested!r}. Use auto, {', '.join(formats)}.")
    if requested != "auto":
        return _complete(formats[requested], table), "as asked for"
    likeliest = max(formats.values(), key=lambda each: _share_found(each, table))
    if _share_found(likeliest, table) < 0.5:
        raise ImportRefused(
            f"The columns are those of no known format. Found: {_listed(table)}. "
            f"Known: {'; '.join(f'{each.name} ({_needed(each)})' for each in formats.values())}."
        )
    return _complete(likeliest, table), f"has its columns {_needed(likeliest)}"


def _json_events(requested: str) -> tuple[Format, str]:
    if requested not in {"auto", EVENTS_TABLE.name}:
        raise ImportRefused(f"JSON lines are events, not {requested}: use --format events.")
    return EVENTS_TABLE, "its lines are JSON objects"


def _complete(chosen: Format, table: FileTable) -> Format:
    if missing := chosen.missing(table.cells):
        raise ImportRefused(
            f"A {chosen.name} file needs the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"(case and punctuation do not matter). Found: {_listed(table)}."
        )
    return chosen


def _share_found(each: Format, table: FileTable) -> float:
    return 1 - len(each.missing(table.cells)) / len(each.required)


def _needed(each: Format) -> str:
    return ", ".join(each.columns[name][0] for name in each.required)


def _listed(table: FileTable) -> str:
    shown = [header[:40] for header in table.cells.columns[:40]]
    return ", ".join(shown) or "no columns"
