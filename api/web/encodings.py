"""Answers made smaller for those who ask for it."""

import re
import zlib

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
