"""Settings of the store, read once at the entry points."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.events.bounds import LARGEST_ORDER


class StoreSettings(BaseSettings):
    """Where live state is kept, how safely, and for how long; who is held out."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", populate_by_name=True, extra="ignore")

    redis_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("REDIS_URL", "PERENNIAL_REDIS_URL"),
        description="A Redis or Valkey of your own (redis://, rediss://, unix://). "
        "Unset: Perennial runs one itself, inside its home folder.",
    )
    redis_server: Path | None = Field(
        default=None,
        description="Path of another `redis-server` for the embedded Redis: 6.2 or newer, or Valkey's. "
        "Unset: the one that Perennial brings, 6.2, whatever is on PATH. "
        "A newer one takes over the log of an older one, and there is no way back.",
    )
    redis_fsync: Literal["everysec", "always"] = Field(
        default="everysec",
        description="When the embedded Redis forces its log to the disk. `everysec` may lose the last "
        "second or two in a power cut, `always` nothing, at about a fifth of the write rate.",
    )
    disk_reserve_mb: int = Field(
        default=64,
        ge=1,
        description="Space on the disk that is taken in advance for the log of the embedded Redis. Events "
        "are refused with 503 when half of it is used and nothing else is free.",
    )
    redis_deadline_ms: int = Field(
        default=50,
        ge=1,
        description="How long an answer waits for Redis before it is given without.",
    )
    redis_write_deadline_ms: int = Field(
        default=1_000,
        ge=1,
        description="How long taking events waits for Redis before it is refused with 503.",
    )
    redis_batch_deadline_ms: int = Field(
        default=2_000,
        ge=1,
        description="How long e-mail picks wait for Redis before they go without it; triggers, before 503.",
    )
    shopper_log_length: int = Field(
        default=300,
        ge=1,
        le=2_000,
        description="Newest events kept per shopper for live recommendations; older ones are in the history.",
    )
    shopper_ttl_days: int = Field(
        default=400, ge=1, description="Live state of a shopper who does not come back is dropped after this."
    )
    event_memory_days: int = Field(
        default=14, ge=1, description="A repeated event id is recognised for this long."
    )
    order_memory_days: int = Field(
        default=400, ge=1, description="A repeated order, refund or cancellation is recognised for this long."
    )
    sent_memory_days: int = Field(
        default=60, ge=1, description="What a customer was written about is remembered for this long."
    )
    shopper_log_bytes: int = Field(
        default=128_000,
        ge=16_000,
        description="Newest events are kept of a shopper up to this size: about 1,300 order lines.",
    )
    largest_order: float = Field(
        default=LARGEST_ORDER,
        gt=0,
        description="An event worth more, quantity times price, is set aside for a person to decide: it "
        "counts nowhere and lies in the home's `poison` folder. In the shop's currency.",
    )
    redis_max_memory_mb: int | None = Field(
        default=None,
        ge=16,
        description="So much memory may the embedded Redis use; then it takes no events (503), and loses "
        "none. "
        "Unset: half of the machine's.",
    )
    archive_batch_events: int = Field(
        default=20_000, ge=1, description="Events written to one file of the history at most."
    )
    archive_interval_s: float = Field(
        default=60.0,
        gt=0,
        description="An event moves from Redis to the history after this, or earlier with a full batch. "
        "Shorter means more and smaller files; live answers do not depend on it.",
    )
    served_stream_length: int = Field(
        default=200_000,
        ge=1,
        description="Records of shown recommendations kept while the archiver is away; the oldest go first.",
    )
    browsing_days: int = Field(
        default=1_100,
        ge=30,
        description="Views, searches and carts leave the history after this; orders stay for good.",
    )
    records_days: int = Field(
        default=800,
        ge=30,
        description="What was shown, offered, decided, rejected at imports, set aside is kept for this long.",
    )
    holdout: float = Field(
        default=0.05,
        ge=0,
        le=0.5,
        description="Share of customers and visitors who get best sellers, no offers and no promotion, for "
        "good: what the others bring above them is what Perennial earns. 0: nobody, and it cannot be told.",
    )
