"""Customers as advertising takes them: a file in the home, written by the worker and handed out by the API.

Identifiers are SHA-256 in small hexadecimal letters, as Meta (developers.facebook.com/docs/marketing-api/
audiences/guides/custom-audiences) and Google (support.google.com/google-ads/answer/7659867) want them: of the
address without outer blanks, in small letters; of the shop's own id as it is.
"""

import csv
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from features.home import Home
from features.store.files import replacing

Stage = Literal["viewed", "carted", "bought", "lapsed"]
Platform = Literal["meta", "google"]
COLUMNS = ("email", "extern_id", "value", "stage", "products")
GOOGLE_HEADER = b"Email\n"
PAGE_BYTES = 16_000  # of lines that are looked at before others have their turn


class Member(NamedTuple):
    """One customer. email: the hash of their address, "" where none is known; value: what they brought so
    far; products: what they want and have not bought, the newest first."""

    email: str
    extern_id: str
    value: float
    stage: Stage
    products: tuple[str, ...]


def audience_path(home: Home) -> Path:
    """Where the file is, if the worker has written it."""
    return home.root / "feeds" / "retargeting.csv"


def hashed_id(customer_id: str) -> str:
    """The shop's id as platforms take it beside addresses."""
    return sha256(customer_id.encode(errors="surrogatepass")).hexdigest()


def write_audience(home: Home, members: Iterable[Member]) -> int:
    """Replace the file, and return the number of members. Raises OSError."""
    with (
        replacing(audience_path(home)) as fresh,
        fresh.open("w", encoding="utf-8", errors="replace", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        number = 0
        for member in members:
            products = "|".join(member.products)
            writer.writerow([*member[:2], f"{member.value:.2f}", member.stage, products])
            number += 1
    return number


def read_audience(path: Path, stage: Stage | None, platform: Platform) -> Iterator[bytes]:
    """The lines of one stage, or of all, a page at a time: for Google those with an address, and it alone.

    Raises OSError.
    """
    wanted = None if stage is None else stage.encode()
    with path.open("rb") as file:
        header = file.readline()
        yield GOOGLE_HEADER if platform == "google" else header
        while lines := file.readlines(PAGE_BYTES):
            kept = [line for line in lines if wanted is None or line.split(b",", 4)[3] == wanted]
            if platform == "google":
                emails = (line.partition(b",")[0] for line in kept)
                kept = [b"%b\n" % email for email in emails if email]
            yield b"".join(kept)
