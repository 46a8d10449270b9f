"""Product pictures for e-mails: fetched from where the catalogue says, made small, and kept for a while."""

import asyncio
import io
import time
import warnings
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from features.public_fetch import Limits, NotFetched, fetch
from features.time_units import DAY_S

SIDE = 512  # pixels: enough for a card at twice its size
MOST_BYTES, MOST_PIXELS = 8_000_000, 30_000_000  # of what a shop calls a product's picture
FETCH_S, WAIT_S = 4.0, 2.5  # a card that waited for so long is drawn without it; the next one has it
KEPT_BYTES = 32_000_000
KEPT_S, FAILED_S = DAY_S, 600
AT_ONCE = 4


class Kept(NamedTuple):
    """A small picture as WebP, b"" where there is none to be had, and until when, monotonic s."""

    content: bytes
    until_s: float


class ProductPictures:
    """The pictures of one process. hosts: names inside the shop's network that may be asked."""

    def __init__(self, hosts: Collection[str] = ()) -> None:
        self._limits = Limits(FETCH_S, MOST_BYTES, hosts)
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0
        self._coming: dict[str, asyncio.Task[bytes]] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, "pictures")

    async def of(self, url: str | None) -> bytes:
        """WebP, at most SIDE pixels wide and high; b"" where there is none, or none yet."""
        if url is None:
            return b""
        kept = self._kept.get(url)
        if kept and kept.until_s > time.monotonic():
            self._kept.move_to_end(url)
            return kept.content
        if url not in self._coming:
            self._coming[url] = asyncio.create_task(self._fetch(url))
        done, _ = await asyncio.wait({self._coming[url]}, timeout=WAIT_S)
        return done.pop().result() if done else b""

    async def close(self) -> None:
        """Ask for nothing any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for task in [*self._coming.values()]:
            task.cancel()

    async def _fetch(self, url: str) -> bytes:
        try:
            content = await asyncio.get_running_loop().run_in_executor(
                self._threads, small_picture, url, self._limits
            )
        finally:
            del self._coming[url]
        self._keep(url, content)
        return content

    def _keep(self, url: str, content: bytes) -> None:
        before = self._kept.pop(url, None)
        life_s = KEPT_S if content else FAILED_S
        self._kept[url] = Kept(content, time.monotonic() + life_s)
        self._bytes += len(content) + len(url) - (len(before.content) + len(url) if before else 0)
        while self._bytes > KEPT_BYTES:
            oldest, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.content) + len(oldest)


def small_picture(url: str, limits: Limits) -> bytes:
    """The picture there as WebP; b"" where there is none that can be read."""
    from PIL import Image, ImageOps

    try:
        content = fetch(url, limits).content
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            warnings.simplefilter("ignore")  # odd metadata and large pictures: what counts is looked at here
            if picture.width * picture.height > MOST_PIXELS:
                return b""
            picture.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        packed = io.BytesIO()
        upright.save(packed, "WEBP", quality=90, method=2)
        return packed.getvalue()
    except (NotFetched, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return b""


FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
"""Decoders for others (PSD, FITS, ...) are never reached by what lies at an address."""
