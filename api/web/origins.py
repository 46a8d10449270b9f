"""What browsers on the shop's pages may read of answers that take the shortcut."""

from collections.abc import Iterable, Sequence

Headers = Sequence[tuple[bytes, bytes]]
VARY = (b"vary", b"Origin")
ALLOWED = b"access-control-allow-origin"


class Origins:
    """CORS headers of an answer. Preflights, and all other routes, are the middleware's, which says the same.

    Credentials are never allowed: keys come in a header, not in cookies.
    """

    def __init__(self, allowed: Iterable[str]) -> None:
        self._headers = {origin.encode(): ((ALLOWED, origin.encode()), VARY) for origin in allowed}
        self._others: Headers = self._headers.get(b"*", (VARY,))

    def headers(self, sent: Headers) -> Headers:
        """For a request with these headers; none where no origin is allowed."""
        if not self._headers:
            return ()
        for name, value in sent:
            if name == b"origin":
                return self._others if b"*" in self._headers else self._headers.get(value, (VARY,))
        return (VARY,)
