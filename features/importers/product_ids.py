"""One id per product: aliases on record, and spellings that differ only in case, become one id."""

from typing import NamedTuple

import polars as pl

from features.catalogue.names import folded, names_of
from features.importers.checks import is_bad_id
from features.importers.existing import Existing
from features.importers.refusal import ImportRefused

WARN_BELOW, REFUSE_BELOW = 0.99, 0.90


def id_aliases(ids: pl.Series, existing: Existing) -> pl.DataFrame:
    """`alias`, `product_id`: every id of a file that stands for another one.

    The first that applies is the canonical id: an existing product's own id, what a product is called besides
    (`names_of`), an id of the history, also in another case or with other blanks, the spelling most frequent
    in `ids` (with repeats).
    """
    spellings = ids.drop_nulls().alias("alias").to_frame().group_by("alias").len()
    on_record = names_of(existing.products, existing.aliases)
    named = spellings.with_columns(folded("alias")).join(on_record, on="folded", how="left")
    existing_ids = existing.product_ids.alias("id").sort().to_frame().with_columns(folded("id"))
    same = named.join(existing_ids.unique("folded", keep="first"), on="folded", how="left").with_columns(
        itself=pl.when(pl.col("alias").is_in(existing_ids["id"].implode())).then("alias"),
        usual=pl.col("alias").sort_by("len", "alias", descending=[True, False]).first().over("folded"),
    )
    own = pl.when(pl.col("alias").is_in(existing.products["product_id"].implode())).then("alias")
    canonical = same.select("alias", product_id=pl.coalesce(own, "product_id", "itself", "id", "usual"))
    return canonical.filter(pl.col("alias") != pl.col("product_id")).sort("alias")


def known_elsewhere(rows: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """`alias`, `product_id`: new products of a file that the home has under another of their names
    (`other_ids`), which is no other product's own id in the file."""
    known, own = existing.product_ids.implode(), rows["product_id"].implode()
    new = rows.filter(~pl.col("product_id").is_in(known)).select("other_ids", alias="product_id")
    elsewhere = new.explode("other_ids").filter(
        pl.col("other_ids").is_in(known), ~pl.col("other_ids").is_in(own)
    )
    once = elsewhere.filter(pl.col("alias").n_unique().over("other_ids") == 1)
    return once.unique("alias", keep="first", maintain_order=True).select("alias", product_id="other_ids")


def other_names(rows: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """`alias`, `product_id`: what else the products of a file are called (`other_ids`, a list of each row).

    A name of two products, or a product's own id, is none. Rows without `product_id` are passed over.
    """
    named = rows.filter(pl.col("product_id").is_not_null(), pl.col("other_ids").list.len() > 0)
    pairs = (
        named.select("product_id", alias="other_ids").explode("alias").filter(pl.col("alias") != "").unique()
    )
    own = pl.concat([rows["product_id"].drop_nulls(), existing.products["product_id"]]).unique()
    free = pairs.filter(~pl.col("alias").is_in(own.implode()))
    once = free.with_columns(folded("alias")).filter(
        pl.col("product_id").n_unique().over("folded") == 1, ~is_bad_id(pl.col("alias"))
    )
    return once.select("alias", "product_id").sort("alias")


def with_canonical_ids(lines: pl.DataFrame, aliases: pl.DataFrame) -> pl.DataFrame:
    """The lines with each alias in `product_id` replaced by its canonical id."""
    canonical = pl.col("product_id").replace(aliases["alias"], aliases["product_id"])
    return lines.with_columns(product_id=canonical)


def match_rate(ids: pl.Series, existing: Existing) -> float | None:
    """Share of the file's distinct products that the home has; None where either has none."""
    counts = _overlap(ids, existing)
    return counts.matched / counts.in_file if counts.in_file and counts.in_home else None


def check_match_rate(ids: pl.Series, source: str, existing: Existing) -> list[str]:
    """Warnings about ids that match badly.

    Raises ImportRefused where a new source has other products than the home, since their ids would
    never match. The smaller of the two sets should be found in the other: the home may have few products
    yet, or the file may hold products that are no longer sold. A source that was imported before may
    bring a new range of products.
    """
    counts = _overlap(ids, existing)
    if not (counts.in_file and counts.in_home) or counts.matched / counts.in_file >= WARN_BELOW:
        return []
    warning = f"Only {counts.matched / counts.in_file:.1%} of the file's products are known here"
    imported_before = source in existing.events["source"].unique()
    if counts.matched / min(counts.in_file, counts.in_home) < REFUSE_BELOW and not imported_before:
        raise ImportRefused(
            f"{warning}, so its ids are probably others than the catalogue's. Nothing was taken. "
            "Export the file with the same product ids (SKU), or import it into a home of its own (--home)."
        )
    return [f"{warning}; the others were added as new products"]


class Overlap(NamedTuple):
    """Numbers of distinct products."""

    in_file: int
    in_home: int
    matched: int


def _overlap(ids: pl.Series, existing: Existing) -> Overlap:
    distinct, existing_ids = ids.drop_nulls().unique(), existing.product_ids
    matched = distinct.filter(distinct.is_in(existing_ids.implode()))
    return Overlap(distinct.len(), existing_ids.len(), matched.len())
