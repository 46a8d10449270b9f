"""Settings of the HTTP service. Read once, at the entry points."""

from ipaddress import ip_network
from typing import Annotated, Any, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Names = Annotated[tuple[str, ...], NoDecode]


class ApiSettings(BaseSettings):
    """How the service listens, and what it refuses."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", extra="ignore")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="API processes on this machine.")
    cors_origins: Names = Field(
        default=(),
        description="Origins of the shop's pages that may call the API from a browser, separated by commas.",
    )
    watch_interval_ms: int = Field(
        default=200, ge=10, description="How often a worker looks for changed stock, prices, keys and models."
    )
    drain_s: int = Field(default=10, ge=0, description="How long a stopping worker finishes open requests.")
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2})?$",
        description="Language of reasons and headings where a request names none that there is, like `de` or "
        "`de-AT`.",
    )
    email_rest_days: float = Field(
        default=21, ge=0, description="For so long no e-mail names a product again that one has named."
    )
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="Larger request bodies are refused.")
    max_upload_mb: int = Field(
        default=500, ge=1, description="Larger files to be imported (`POST /v1/imports/files`) are refused."
    )
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
        ge=32,
        description="Requests that a worker has taken and not answered; the next get 503. It takes fewer as "
        "long as answers take longer than the following.",
    )
    queue_target_ms: int = Field(
        default=50, ge=1, description="An answer should take no longer, waiting included: busy means beyond."
    )
    stale_ms: int = Field(
        default=1_000, ge=1, description="A request that waited for so long before its turn gets 503."
    )

    visitor_requests_per_s: float = Field(
        default=50,
        ge=0,
        description="Requests of one address with one public key; ten seconds' worth at once. "
        "More get 429; 0: no limit. Behind a proxy on another machine set FORWARDED_ALLOW_IPS to its "
        "address, or all visitors count as one.",
    )
    visitor_event_kb_per_s: float = Field(
        default=50, ge=0, description="So many thousand bytes of events may it send; 0: no limit."
    )
    public_event_kb_per_s: float = Field(
        default=1_000, ge=0, description="All addresses together, of one public key; 0: no limit."
    )
    key_requests_per_s: float = Field(
        default=0, ge=0, description="Requests of one key, secret ones included; 0: no limit."
    )
    hosts: Names = Field(
        default=(),
        description="Names, besides this machine's own, under which the demo's keys and a service without "
        "keys answer, separated by commas. Others could be a page elsewhere that lets its name lead here.",
    )
    operators: Names = Field(
        default=(),
        description="Addresses or networks (10.0.0.0/8) that see `/metrics` and why a model "
        "does not load, without a secret key, as programs on this machine do; separated by commas.",
    )

    shop_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Where the shop is on the web, like `https://shop.example`: feeds and e-mails lead there "
        "where the catalogue says only `/product`. Unset: the first of `PERENNIAL_CORS_ORIGINS`.",
    )
    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Where pages reach this service, like `https://recs.shop.example`: Segment's browser "
        "client is told to send there. Unset, it works on this machine alone, as anybody may claim a name.",
    )
    picture_hosts: Names = Field(
        default=(),
        description="Names inside the shop's own network whose product pictures may be fetched for e-mails, "
        "separated by commas; all others must be public.",
    )
    picture_font: str = Field(
        default="",
        description="A font file for the pictures in e-mails, for titles in other letters than Latin, Greek "
        "and Cyrillic.",
    )

    @property
    def shop_origin(self) -> str:
        """Without a slash at the end; "" where nobody said it."""
        return self.shop_url or next((each for each in self.cors_origins if "*" not in each), "")

    def absolute(self, url: str | None) -> str | None:
        """An address of the catalogue with the shop's origin; None where there is none."""
        if url is None or not url.startswith("/"):
            return url
        return f"{self.shop_origin}{url}" if self.shop_origin else None

    @classmethod
    def with_options(cls, **options: Any) -> Self:
        """Settings from the environment under what the command line says; None says nothing."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    @field_validator("cors_origins", "hosts", "operators", "picture_hosts", mode="before")
    @classmethod
    def _split(cls, names: str | tuple[str, ...]) -> tuple[str, ...]:
        parts = names.split(",") if isinstance(names, str) else names
        return tuple(part.strip().rstrip("/") for part in parts if part.strip())

    @field_validator("shop_url", "public_url", mode="before")
    @classmethod
    def _without_slash(cls, url: str) -> str:
        return url.strip().rstrip("/")

    @field_validator("operators")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network, strict=False)
        return networks
