"""The address of a Redis, parsed from its URL without importing redis-py (21 MB, 0.2 s)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Address:
    """Where a Redis listens: `path` of a unix socket, or else `host` and `port`.

    greeting: the first commands on a new connection.
    """

    path: str | None
    host: str
    port: int
    tls: bool
    greeting: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, url: str) -> Address:
        """Parse redis://, rediss:// and unix:// with user, password and database, as redis-py does.

        Raises ValueError for another scheme.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError(
                f"REDIS_URL must start with redis://, rediss:// or unix://, not {parts.scheme!r}"
            )
        is_unix = parts.scheme == "unix"
        database = parse_qs(parts.query).get("db", [""])[0] or ("" if is_unix else parts.path.strip("/"))
        login = tuple(unquote(word) for word in (parts.username, parts.password) if word)
        greeting = [("AUTH", *login)] * bool(login) + [("SELECT", database)] * bool(database)
        return cls(
            path=unquote(parts.path) if is_unix else None,
            host=parts.hostname or "localhost",
            port=parts.port or 6379,
            tls=parts.scheme == "rediss",
            greeting=(*greeting, ("PING",)),
        )
