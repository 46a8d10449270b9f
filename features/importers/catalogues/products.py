"""Rows of any product export under our names -> rows of the catalogue."""

from collections.abc import Sequence

import polars as pl

from features.importers.catalogues.cells import (
    FOR_SALE,
    NOT_SHOWN,
    TO_COME,
    YES,
    amount,
    category_path,
    clean_link,
    clean_text,
    currency,
    moment,
    word,
)
from features.importers.reasons import RejectReason
from features.importers.values import number

IDS = ("sku", "variant_id", "product_id", "gtin")
OTHER_IDS = ("sku", "variant_id", "product_id", "feed_id", "gtin", "mpn", "handle", "name_with_options")
"""What else a product may be called, in order files and events; it becomes an alias where it is the only one
of that name. `handle` is of a product without variants."""
COLUMNS = (
    *(name for name in OTHER_IDS if name != "name_with_options"),
    *("group_id", "title", "options", "description", "url", "image_url", "brand", "category_path"),
    *("price", "regular_price", "sale_price", "sale_from", "sale_until", "sale_window", "on_sale"),
    *("currency", "cost", "availability", "stock", "tracked", "backorders"),
    *("published", "status", "visibility", "created_at"),
)
"""Our names of the columns of a catalogue, all text and null where absent. group_id: of the variants of one
product. tracked: no, the stock is not counted. backorders: yes, it is sold at stock 0, too."""
MIN_CATEGORY_SIZE = 3
"""A category of fewer products is too narrow to browse: its parent is taken instead."""


def read_products(
    rows: pl.DataFrame,
    ids: Sequence[str] = IDS,
    between_paths: str | None = None,
    between_levels: str = r"\s*>\s*",
) -> pl.DataFrame:
    """Rows for the catalogue with `reason` (null: none), and `other_ids`, a list of what else each is called.

    rows: any of COLUMNS, and `row`. ids: which of them name the product, the first that is filled.
    """
    cells = rows.with_columns(
        pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in rows.columns
    )
    path = category_path(clean_text(cells["category_path"]), between_paths, between_levels)
    cells = cells.with_columns(
        *[clean_text(cells[name]) for name in ("title", "options", "brand", "description")],
        *[clean_link(cells[name]) for name in ("url", "image_url")],
        category_path=path,
    )
    return _with_category(_with_stock(_with_prices(_with_ids(cells, ids))))


def _with_ids(cells: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """`product_id`, `other_ids`; a title with the options behind it, where they are not in it already."""
    named = cells.with_columns(
        name_with_options=pl.concat_str("title", "options", separator=" - ", ignore_nulls=True),
        shown=pl.concat_str("title", "options", separator=", ", ignore_nulls=True),
        handle=pl.when(pl.len().over("handle") == 1).then("handle"),
    )
    is_said = pl.col("title").str.ends_with(pl.col("options")).fill_null(value=False)
    own = pl.coalesce(pl.col(name) for name in ids)
    return named.with_columns(
        product_id=own,
        title=pl.when(is_said).then("title").otherwise("shown"),
        other_ids=pl.concat_list(OTHER_IDS).list.drop_nulls().list.unique(maintain_order=True),
    )


def _with_prices(cells: pl.DataFrame) -> pl.DataFrame:
    """regular_price, sale_price with its window, cost, currency; `price` is set when the time is known."""
    window = cells["sale_window"].str.extract_groups(r"^\s*([^/]+?)\s*/\s*(.+?)\s*$").struct.unnest()
    numbers = {name: amount(pl.col(name)) for name in ("price", "regular_price", "sale_price", "cost")}
    unparsed = pl.any_horizontal(
        value.is_null() & pl.col(name).is_not_null() for name, value in numbers.items()
    )
    on_sale = word(pl.col("on_sale")).is_in(YES) | pl.col("on_sale").is_null()
    regular = pl.coalesce(numbers["regular_price"], numbers["price"])
    sale = pl.when(on_sale & (numbers["sale_price"] > 0) & (numbers["sale_price"] < regular)).then(
        numbers["sale_price"]
    )
    given = pl.coalesce("price", "regular_price", "sale_price")
    created = moment(cells["created_at"])
    return cells.with_columns(
        price=pl.coalesce(regular, numbers["sale_price"]),
        sale_price=sale,
        cost=numbers["cost"],
        currency=pl.coalesce(currency(given), pl.col("currency").str.to_uppercase()),
        sale_from=moment(cells["sale_from"].fill_null(window["1"]) if window.height else cells["sale_from"]),
        sale_until=moment(cells["sale_until"].fill_null(window["2"]), is_end=True),
        first_seen=created,
        reason=pl.when(unparsed).then(pl.lit(RejectReason.BAD_PRICE.value)),
    )


def _with_stock(cells: pl.DataFrame) -> pl.DataFrame:
    """stock, available, retired: a product that is not published, or hidden, is never recommended."""
    state = word(pl.col("availability"))
    stock = pl.when(~word(pl.col("tracked")).is_in(("no", "false", "0", "none")).fill_null(value=False)).then(
        number(pl.col("stock"))
    )
    later = (word(pl.col("backorders")).is_in(YES) | state.is_in(TO_COME)).fill_null(value=False)
    said = pl.when(state.is_not_null()).then(state.is_in((*FOR_SALE, *TO_COME, *YES)))
    hidden = [word(pl.col(name)).is_in(NOT_SHOWN) for name in ("published", "status", "visibility")]
    return cells.with_columns(
        stock=pl.when(~(later & (stock <= 0)).fill_null(value=False)).then(stock.clip(0)),
        available=pl.when(later).then(True).otherwise(pl.coalesce(said, stock > 0)),
        retired=pl.any_horizontal(hidden).fill_null(value=False),
    )


def _with_category(cells: pl.DataFrame) -> pl.DataFrame:
    """`category`: the last level of the path that holds enough products to browse."""
    levels = pl.col("category_path").str.split(" > ")
    narrow = (pl.len().over("category_path") < MIN_CATEGORY_SIZE) & (levels.list.len() > 1)
    return cells.with_columns(category=levels.list.get(pl.when(narrow).then(-2).otherwise(-1)))
