"""What needs the owner's attention, each with one remedy; the worker writes what it sees."""

from datetime import datetime

import msgspec

from features.home import Home
from features.store.files import read_whole, write_whole

FILE = "attention.json"


class Attention(msgspec.Struct, frozen=True, omit_defaults=True):
    """code: what it is about, a word of a closed set; about: an id or name, where there are several. news:
    nothing is wrong."""

    code: str
    saw: str
    remedy: str
    about: str | None = None
    news: bool = False


class AttentionReport(msgspec.Struct, frozen=True):
    """What the worker saw, and when."""

    looked_at: datetime
    items: list[Attention] = []


def write_attention(home: Home, report: AttentionReport) -> None:
    """Write it over the one of before."""
    write_whole(home.reports / FILE, msgspec.json.encode(report))


def read_attention(home: Home) -> AttentionReport | None:
    """None where no worker has looked yet."""
    content = read_whole(home.root / "reports" / FILE)
    return None if content is None else msgspec.json.decode(content, type=AttentionReport)
