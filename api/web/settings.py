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

    @classmethod
    def with_options(cls, **options: Any) -> Self:
        """Settings from the environment under what the command line says; None says nothing."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: str | tuple[str, ...]) -> tuple[str, ...]:
        parts = origins.split(",") if isinstance(origins, str) else origins
        return tuple(part.strip().rstrip("/") for part in parts if part.strip())
