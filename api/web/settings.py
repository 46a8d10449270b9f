"""Settings of the HTTP service. Read once, at the entry points."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ApiSettings(BaseSettings):
    """How the service listens, and what it refuses."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="API processes on this machine.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins of the shop's pages that may call the API from a browser, separated by commas.",
    )
    watch_interval_ms: int = Field(
        default=200, ge=10, description="How often a worker looks for changed stock, prices, keys and models."
    )
    drain_s: int = Field(default=10, ge=0, description="How long a stopping worker finishes open requests.")
    email_rest_days: float = Field(
        default=21, ge=0, description="For so long no e-mail names a product again that one has named."
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="Larger request bodies are refused.")
    max_events: int = Field(default=2_500, ge=1, description="More events in one request are refused.")
    max_stream_bytes: int = Field(
        default=100_000_000, ge=1_000, description="So long may a body be that is answered line by line."
    )
    max_head_bytes: int = Field(
        default=32_768, ge=1_000, description="Longer headers are refused; so much may be sent ahead, too."
    )
    head_timeout_s: float = Field(
        default=5, gt=0, description="The headers of a request must have arrived within this."
    )
    body_timeout_s: float = Field(
        default=10, gt=0, description="So must its body; 500 bytes that arrive make it one second longer."
    )
    idle_timeout_s: int = Field(
        default=5, ge=1, description="A connection stays open for so long without a request."
    )
    send_timeout_s: float = Field(
        default=10, gt=0, description="A client that reads nothing of its answer for so long is cut off."
    )
    max_connections: int = Field(
        default=10_000,
        ge=1,
        description="Open connections of a worker, or as many as the system lets it have; the next get 503.",
    )
    max_in_flight: int = Field(
        default=1_000,
        ge=16,
        description="Requests that a worker has taken and not answered; the next get 503. It takes fewer as "
        "long as answers take longer than the following.",
    )
    queue_target_ms: int = Field(
        default=50, ge=1, description="An answer should take no longer, waiting included: busy means beyond."
    )
    stale_ms: int = Field(
        default=1_000, ge=1, description="A request that waited for so long before its turn gets 503."
    )

    @classmethod
    def with_options(cls, **options: Any) -> Self:
        """Settings from the environment under what the command line says; None says nothing."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: str | tuple[str, ...]) -> tuple[str, ...]:
        parts = origins.split(",") if isinstance(origins, str) else origins
        return tuple(part.strip().rstrip("/") for part in parts if part.strip())
