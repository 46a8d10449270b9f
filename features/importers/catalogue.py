"""`perennial import catalogue`: products, prices, costs and stock from a file or an address."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from features.catalogue.names import other_ids
from features.catalogue.products import add_aliases, merge_products
from features.catalogue.sales import settled
from features.home import Home
from features.importers.attribute_columns import attribute_column
from features.importers.catalogue_formats import CATALOGUE_FORMATS
from features.importers.catalogues.merchant import PLAIN
from features.importers.checks import is_bad_id
from features.importers.choice import refuse_orders
from features.importers.content import fetch
from features.importers.existing import Existing, read_existing
from features.importers.files import join_tables, read_tables
from features.importers.formats import AUTO, fitting, no_known_format, pick_format, pick_requested
from features.importers.lines import Format
from features.importers.list_pages import Fetch, fetch_catalogue
from features.importers.local_columns import WHOLE, Part, local_columns, of_part, with_local_columns
from features.importers.mapping import given_columns
from features.importers.missing_products import missing_products, note_missing, retired_rows
from features.importers.non_products import is_product
from features.importers.numbers import with_plain_numbers
from features.importers.product_ids import (
    WARN_BELOW,
    id_aliases,
    known_elsewhere,
    other_names,
    with_canonical_ids,
)
from features.importers.reasons import RejectReason, first_reason
from features.importers.records import rejects_path
from features.importers.refusal import ImportRefused
from features.importers.rejects import write_rejects
from features.importers.summary import CatalogueSummary
from features.importers.table import FileTable
from features.progress import Report, silent

SAFE_LINK = r"^(?i)(https?://|/)[^/\\\x00-\x1f][^\x00-\x1f]*$"
LINKS = ("url", "image_url")


def import_catalogue(  # noqa: PLR0913
    home: Home,
    source: str | Sequence[str],
    *,
    sheet: str | None = None,
    decimal: str | None = None,
    format: str = AUTO,
    maps: Sequence[str] = (),
    part: Part = WHOLE,
    retire_missing: bool = False,
    own_network: bool = False,
    dry_run: bool = False,
    now: datetime,
    report: Report = silent,
) -> CatalogueSummary:
    """Add or update every product of `source`, paths or an http(s) URL; new values win over old.

    A path is a file, a folder or a .zip. sheet and decimal: as in `orders.import_orders`.
    format: AUTO or a name of `CATALOGUE_FORMATS`. maps: `our name=header`. part: the language and market that
    the source is of. retire_missing: what the source does not list is never recommended again. own_network: a
    URL may lead into it. A dry run writes nothing.
    Raises ImportRefused, the home unchanged, where the source cannot be taken at all.
    """
    part.check(retire_missing=retire_missing)
    sources = [source] if isinstance(source, str) else list(source)
    name, table = _table(sources, sheet, partial(fetch, report=report, own_network=own_network), report)
    command = shlex.join([*sources, "--home", str(home.root)])
    chosen, why = _format(table, format, maps, command)
    if table.cells.is_empty():
        raise ImportRefused(f"{name} lists no products. Export it again.")
    report("checking", 0, table.cells.height)
    rows, doubts = with_plain_numbers(chosen.rows(table), decimal)
    products = chosen.read(rows)
    products = _with_more(products, table.cells, chosen, decimal)
    listing = _listing(products, table, read_existing(home), now, part)
    good, rejected, existing = listing.good, listing.rejected, listing.existing
    missing = missing_products(good, existing)
    if retire_missing:
        listing.check_that_it_may_retire(missing)
    rejects = rejects_path(home, Path(name), now) if rejected.height and not dry_run else None
    if rejects:
        write_rejects(rejects, table, rejected)
    if not dry_run:
        report("writing", 0, good.height)
        _write(home, listing, retired_rows(missing) if retire_missing else None, now)
        report("writing", good.height, good.height)
    rate = _coverage(good, existing)
    notes = note_missing(missing, command, retired=retire_missing)
    return CatalogueSummary(
        source=", ".join(sources),
        format=chosen.name,
        format_reason=why,
        dry_run=dry_run,
        missing=missing.height,
        retired=missing.height * retire_missing,
        rejects_file=str(rejects) if rejects else None,
        warnings=(*table.notes, *doubts, *_warnings(rate, listing.unsafe), *notes),
        match_rate=rate,
        **_counts(table, good, rejected, existing),
    )


@dataclass(frozen=True)
class _Listing:
    """What a source lists. good: rows for `merge_products`; rejected: row, reason, detail; aliases: alias,
    product_id; unsafe: links that were left out."""

    good: pl.DataFrame
    rejected: pl.DataFrame
    aliases: pl.DataFrame
    unsafe: int
    existing: Existing

    def check_that_it_may_retire(self, missing: pl.DataFrame) -> None:
        """Raises ImportRefused where the list shares no product with the home, or is empty."""
        known = self.good.join(self.existing.products, on="product_id", how="semi").height
        if missing.height and not known:
            raise ImportRefused(
                f"None of the {self.good.height:,} products of this file is known here, so --retire-missing "
                "would retire all others. Nothing was taken. Import it without, and see if its ids are right."
            )


def _write(home: Home, listing: _Listing, retired: pl.DataFrame | None, now: datetime) -> None:
    add_aliases(home, listing.aliases)
    merge_products(home, listing.good, now)
    if retired is not None:
        merge_products(home, retired, now)


def _format(table: FileTable, name: str, maps: Sequence[str], command: str) -> tuple[Format, str]:
    """How the table is read, and why. Columns that are given replace those of the format that fits, else of a
    plain table. Raises ImportRefused."""
    fits = fitting(CATALOGUE_FORMATS, table)
    if maps:
        name = (fits or PLAIN).name if name == AUTO else name
        names = CATALOGUE_FORMATS[name].columns if name in CATALOGUE_FORMATS else ()
        given = given_columns(maps, table.cells.columns, names)
        return pick_requested(CATALOGUE_FORMATS, table, name, given), f"{name}, and the columns given"
    if name == AUTO and (table.kind == "jsonl" or fits in (None, PLAIN)):
        refuse_orders(table, command)
    if name == AUTO and fits is None:
        said, example = no_known_format(CATALOGUE_FORMATS, table), "--map sku=COLUMN --map title=COLUMN"
        raise ImportRefused(f"{said} Say what is what:\nperennial import catalogue {command} {example}")
    return pick_format(CATALOGUE_FORMATS, table, name)


def _table(sources: list[str], sheet: str | None, fetch: Fetch, report: Report) -> tuple[str, FileTable]:
    if not any("://" in source for source in sources):
        paths = [Path(source) for source in sources]
        return paths[0].name, read_tables(paths, looks_like_catalogue, sheet=sheet, report=report)
    if unknown := [each for each in sources if not each.startswith(("http://", "https://"))]:
        raise ImportRefused(f"{unknown[0]}: only files and http(s) addresses can be read, not both at once.")
    fetched = [(_name(each), fetch_catalogue(each, fetch)) for each in sources]
    return fetched[0][0], join_tables(fetched, looks_like_catalogue, sheet=sheet)


def looks_like_catalogue(cells: pl.DataFrame) -> float:
    """From 0 to 1: the largest share that is there of the columns that a format needs."""
    return max(each.share(cells) for each in CATALOGUE_FORMATS.values())


def _name(url: str) -> str:
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[-1] or "feed"


def _with_more(
    products: pl.DataFrame, cells: pl.DataFrame, format: Format, decimal: str | None
) -> pl.DataFrame:
    """What stands in columns that the format has no name for: by language and market, else attributes."""
    taken = set(format.headers(cells).values())
    local = [each for each in local_columns(cells.columns) if each.header not in taken]
    attributes = attribute_column(cells.drop(each.header for each in local), format).gather(products["row"])
    return with_local_columns(products.with_columns(attributes), cells, local, decimal)


def _listing(rows: pl.DataFrame, table: FileTable, existing: Existing, now: datetime, part: Part) -> _Listing:
    checked, unsafe = _checked(rows, table)
    aliases = _aliases(checked, existing)
    products = _with_repeats_rejected(with_canonical_ids(checked, aliases))
    good = products.filter(pl.col("reason").is_null())
    names = other_names(good, existing)
    dated = settled(_dated(good, existing, now), now)
    return _Listing(
        good=of_part(dated, part, existing.products["product_id"]) if any(part) else dated,
        rejected=products.filter(pl.col("reason").is_not_null()).select("row", "reason", "detail"),
        aliases=pl.concat([names, aliases]).unique("alias", keep="last").sort("alias"),
        unsafe=unsafe,
        existing=existing,
    )


def _dated(good: pl.DataFrame, existing: Existing, now: datetime) -> pl.DataFrame:
    """`listed_at`, and when a product came: by the file, else now; before the home where this is its first
    catalogue."""
    is_first = existing.products["listed_at"].null_count() == existing.products.height
    since = pl.lit(None if is_first else now, pl.Datetime("us", "UTC"))
    return good.with_columns(
        listed_at=pl.lit(now, pl.Datetime("us", "UTC")), first_seen=pl.coalesce("first_seen", since)
    )


def _checked(rows: pl.DataFrame, table: FileTable) -> tuple[pl.DataFrame, int]:
    """Rows with `reason` (null: the row is good) and `detail`, and the number of unsafe links removed.

    A link is unsafe if it is neither http(s) nor a path of the shop (javascript:, data:, //elsewhere ...).
    """
    safe = {link: pl.col(link).str.contains(SAFE_LINK) for link in LINKS}
    unsafe = rows.select(pl.sum_horizontal((~test).sum() for test in safe.values())).item()
    product_id = pl.col("product_id")
    is_none = pl.col("is_no_product") if "is_no_product" in rows.columns else pl.lit(value=False)
    checked = rows.with_columns(
        *[pl.when(test).then(pl.col(link)).alias(link) for link, test in safe.items()],
        is_product=is_product(product_id, pl.col("title")) & ~is_none,
        reason=pl.coalesce(
            first_reason({RejectReason.SURPLUS_CELLS: pl.lit(table.surplus.gather(rows["row"]))}),
            "reason",
            first_reason(
                {
                    RejectReason.NO_PRODUCT: product_id.is_null(),
                    RejectReason.BAD_ID: is_bad_id(product_id),
                    RejectReason.NEGATIVE_PRICE: (pl.col("price") < 0) | (pl.col("cost") < 0),
                }
            ),
        ),
    )
    return checked, unsafe or 0


def _aliases(rows: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """`alias`, `product_id`: ids that differ from an existing product's only in case or blanks, or that the
    home knows by another of their names (MPN, GTIN, barcode, title and options ...).
    """
    good = rows.filter(pl.col("reason").is_null())
    both = [known_elsewhere(good, existing), id_aliases(good["product_id"], existing)]
    return pl.concat(both).unique("alias", keep="first")


def _with_repeats_rejected(rows: pl.DataFrame) -> pl.DataFrame:
    good = pl.col("reason").is_null()
    repeated = good & (pl.int_range(pl.len()).over("product_id", good) > 0)
    return rows.with_columns(
        reason=pl.when(repeated).then(pl.lit(RejectReason.REPEATED_PRODUCT.value)).otherwise("reason")
    )


def _coverage(good: pl.DataFrame, existing: Existing) -> float | None:
    """Share of the products in the order history that the catalogue covers; None without a history."""
    fees = existing.products.filter(~pl.col("is_product"))["product_id"]
    sold = existing.events["product_id"].drop_nulls().unique()
    others = other_ids(sold, good, existing.aliases)
    own = sold.filter(~sold.is_in(fees.implode())).replace(others["alias"], others["product_id"])
    sold = own.unique()
    return sold.filter(sold.is_in(good["product_id"].implode())).len() / sold.len() if sold.len() else None


def _warnings(rate: float | None, unsafe: int) -> list[str]:
    warnings = []
    if rate is not None and rate < WARN_BELOW:
        warnings.append(
            f"Only {rate:.1%} of the products sold are in the catalogue: older ones may be gone from it, "
            "or its ids are others than those of the orders"
        )
    if unsafe:
        warnings.append(f"{unsafe:,} links are no web addresses and were left out")
    return warnings


def _counts(
    table: FileTable, good: pl.DataFrame, rejected: pl.DataFrame, existing: Existing
) -> dict[str, Any]:
    """The figures of CatalogueSummary."""
    return {
        "encoding": table.encoding,
        "rows": table.cells.height,
        "taken": good.height,
        "set_aside": dict(rejected["reason"].value_counts(sort=True).iter_rows()),
        "new_products": good.join(existing.products, on="product_id", how="anti").height,
        "non_products": good.filter(~pl.col("is_product")).height,
        "with_price": good["price"].count(),
        "with_cost": good["cost"].count(),
        "with_image": good["image_url"].count(),
        "unavailable": good.filter(~pl.col("available")).height,
        "unpublished": good.filter("retired").height,
    }
