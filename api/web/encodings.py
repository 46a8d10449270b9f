"""Answers made smaller for those who ask for it."""

import re
import zlib
from collections.abc import Sequence

from fastapi import Response

VARY = (b"vary", b"Accept-Encoding")
NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)")
WORTH_IT = 14_000
"""Bytes from which a body is compressed. What is below fits ten packets, which go out at once."""


def takes_gzip(accepted: str) -> bool:
    """accepted: of `Accept-Encoding`."""
    return "gzip" in accepted and not NO_GZIP.search(accepted)


def gzipped(body: bytes) -> bytes:
    """As fast as gzip can be: half of the time of its default for a tenth more bytes."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def pack(response: Response, sent: Sequence[tuple[bytes, bytes]]) -> None:
    """Compress the answer to a request with these headers, where it asks for that and it is worth it."""
    if len(response.body) < WORTH_IT:
        return
    accepted = (str(value, "latin-1") for name, value in sent if name == b"accept-encoding")
    if not any(map(takes_gzip, accepted)):
        return
    response.body = gzipped(bytes(response.body))
    kept = [header for header in response.raw_headers if header[0] != b"content-length"]
    length = b"%d" % len(response.body)
    response.raw_headers = [*kept, (b"content-length", length), (b"content-encoding", b"gzip"), VARY]
