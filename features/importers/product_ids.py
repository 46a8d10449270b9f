"""One id a product: known aliases and spellings that differ only in case become one."""

from __future__ import annotations

import polars as pl

from features.importers.known import Known
from features.importers.refusal import ImportRefused

WARN_BELOW, REFUSE_BELOW = 0.99, 0.90


def merged_spellings(ids: pl.Series, known: Known) -> pl.DataFrame:
    """For each id of a file that goes by another one: `alias`, `product_id`.

    An alias already on record counts, then a known product, then its spelling in another case, then
    the spelling most frequent in `ids` (with repeats).
    """
    spellings = ids.drop_nulls().alias("alias").to_frame().group_by("alias").len()
    named = spellings.with_columns(plain=_plain("alias")).join(known.aliases, on="alias", how="left")
    known_ids = known.product_ids.alias("known").sort().to_frame().with_columns(plain=_plain("known"))
    same = named.join(known_ids.unique("plain", keep="first"), on="plain", how="left").with_columns(
        itself=pl.when(pl.col("alias").is_in(known_ids["known"].implode())).then("alias"),
        usual=pl.col("alias").sort_by("len", "alias", descending=[True, False]).first().over("plain"),
    )
    chosen = same.select("alias", product_id=pl.coalesce("product_id", "itself", "known", "usual"))
    return chosen.filter(pl.col("alias") != pl.col("product_id")).sort("alias")


def under_one_id(lines: pl.DataFrame, spellings: pl.DataFrame) -> pl.DataFrame:
    """The lines with `product_id` in the spelling that counts."""
    one = pl.col("product_id").replace(spellings["alias"], spellings["product_id"])
    return lines.with_columns(product_id=one)


def match_rate(ids: pl.Series, known: Known) -> float | None:
    """Share of the file's distinct products that the home knows; None where it knows none."""
    distinct, matched, known_ids = _overlap(ids, known)
    return matched / distinct if distinct and known_ids else None


def check_match_rate(ids: pl.Series, source: str, known: Known) -> list[str]:
    """Warnings about ids that match badly.

    Raises ImportRefused where a new source speaks of other products than the home's: its ids would
    never meet theirs. The smaller of the two sides is what should be found in the other, for the home
    may know little yet, or a file may hold products that are no longer sold. A source that was
    imported before may bring a new range of products.
    """
    distinct, matched, known_ids = _overlap(ids, known)
    if not (distinct and known_ids) or matched / distinct >= WARN_BELOW:
        return []
    found = f"Only {matched / distinct:.1%} of the file's products are known here"
    familiar = source in known.events["source"].unique()
    if matched / min(distinct, known_ids) < REFUSE_BELOW and not familiar:
        raise ImportRefused(
            f"{found}, so its ids are probably others than the catalogue's. Nothing was taken. "
            "Export the file with the same product ids (SKU), or import it into a home of its own (--home)."
        )
    return [f"{found}; the others were added as new products"]


def _overlap(ids: pl.Series, known: Known) -> tuple[int, int, int]:
    """How many products the file has, of these the home knows, and the home has."""
    distinct, known_ids = ids.drop_nulls().unique(), known.product_ids
    return distinct.len(), distinct.filter(distinct.is_in(known_ids.implode())).len(), known_ids.len()


def _plain(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase().alias("plain")
