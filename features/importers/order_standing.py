"""How known orders stand by their revisions, and which revision a file's word about one has."""

import polars as pl

from features.history.events_parquet import CLAIM, is_reversal_of_all


def standing(before: pl.DataFrame) -> pl.DataFrame:
    """Per `order_id` of known words: `newest` and `newest_bought`, the revisions of all and of its purchases;
    whether all of it was taken back until it is told anew, `lost_live` or `lost_by_file`; `lost_end`, until
    when that file tells."""
    revision, live = pl.col("revision").fill_null(0), pl.col("source").is_in(["live", CLAIM])
    lost = is_reversal_of_all() & (revision > 0)
    return before.group_by("order_id").agg(
        newest=revision.max(),
        newest_bought=revision.filter("bought").max().fill_null(0),
        lost_live=(lost & live).any(),
        lost_by_file=(lost & ~live).any(),
        lost_end=pl.col("file_end").filter(lost).max(),
    )


def changed_at() -> pl.Expr:
    """The revision of a word by when the shop says that the order was changed; null: not said."""
    return pl.when(pl.col("type") != "refund").then(pl.col("changed_at").dt.epoch("s").cast(pl.Int32))


def with_revisions(compared: pl.DataFrame, ends: object) -> pl.DataFrame:
    """Words with `standing` of their orders, and `differs`, told against known. Adds `changed`: which count,
    and sets their `revision`. ends: the newest order of the file.

    By the shop's own time of it a newer word counts, the same or not. A file that does not say it takes back
    what files said of cancellations, unless it ends before them, and never what was told live.
    """
    dated, told_at = pl.col("dated").is_not_null(), pl.col("dated")
    restores = _restores(ends) & ~dated
    anew = told_at > pl.when("bought").then("newest_bought").otherwise("revision_before")
    counts = pl.col("bought") | (told_at >= pl.col("newest_bought"))
    undated = pl.when("bought").then(~pl.col("silent") & ~pl.col("lost_live")).otherwise(~pl.col("live"))
    last = pl.when("bought").then("newest_bought").otherwise("revision_before")
    last = pl.when(restores | pl.col("is_cancel")).then("newest").otherwise(last)
    return compared.with_columns(
        differs=pl.col("differs") | restores,
        changed=pl.when(dated).then(anew & counts).otherwise((pl.col("differs") & undated) | restores),
        revision=pl.coalesce(told_at, last + 1),
    )


def _restores(ends: object) -> pl.Expr:
    """Whether a purchase that has no time of its own takes back what files said of a cancellation."""
    earlier = (pl.col("lost_end") > pl.lit(ends, pl.Datetime("us", "UTC"))).fill_null(value=False)
    return pl.col("bought") & pl.col("lost_by_file") & ~pl.col("lost_live") & ~earlier


def with_first_revisions(words: pl.DataFrame, before: pl.DataFrame, ends: object) -> pl.DataFrame:
    """Words that are not known yet, without cancellations that are older than what was told since.

    A cancellation has a revision and an event id of its own: the order may be restored, and cancelled again.
    """
    joined = words.join(standing(before), on="order_id", how="left", maintain_order="left")
    cancel = pl.col("type") == "cancel"
    following = pl.when(cancel | _restores(ends)).then(pl.col("newest") + 1).cast(pl.Int32)
    joined = joined.with_columns(revision=pl.coalesce("revision", following))
    own_id = pl.format("{}~{}", "event_id", "revision")
    counts = ~cancel | (pl.col("revision") >= pl.col("newest_bought"))
    return joined.filter(counts.fill_null(value=True)).with_columns(
        event_id=pl.when(cancel).then(own_id).otherwise("event_id")
    )
