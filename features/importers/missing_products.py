"""Products that a catalogue lists no longer: said, and retired where the shop wants it."""

from collections.abc import Iterator

import polars as pl

from features.importers.existing import Existing

EXAMPLES = 5


def missing_products(listed: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """The home's products that may be recommended and that the file does not list. listed: its good rows."""
    kept = existing.products.filter(pl.col("is_product") & ~pl.col("retired"))
    return kept.join(listed, on="product_id", how="anti").sort("listed_at", "product_id", nulls_last=True)


def retired_rows(missing: pl.DataFrame) -> pl.DataFrame:
    """Rows for `merge_products` that retire these products."""
    return missing.select("product_id", "first_seen", retired=pl.lit(value=True))


def note_missing(missing: pl.DataFrame, command: str, *, retired: bool) -> Iterator[str]:
    """What the summary says of them."""
    if missing.is_empty():
        return
    names = missing.head(EXAMPLES).select(
        pl.concat_str("product_id", "title", separator=" ", ignore_nulls=True)
    )
    more = ", ..." if missing.height > EXAMPLES else ""
    examples = f"{', '.join(names.to_series())}{more}"
    if retired:
        yield f"{missing.height:,} products that the file does not list are now retired: {examples}"
    else:
        yield (
            f"{missing.height:,} known products are not in this file: {examples}. They stay recommended; if "
            "the file lists all that you sell, retire them: "
            f"perennial import catalogue {command} --retire-missing"
        )
