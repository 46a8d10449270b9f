"""A Google Merchant feed as XML (RSS 2.0 or Atom), read without entities or external references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from features.importers.refusal import ImportRefused
from features.importers.table import FileTable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def looks_like_feed(content: bytes) -> bool:
    """Whether this is XML and not an HTML page."""
    start = content[:4000].replace(b"\x00", b"")  # UTF-16 of plain letters
    start = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return start.startswith((b"<?xml", b"<rss", b"<feed")) and b"<html" not in start


def feed_table(content: bytes, name: str) -> FileTable:
    """One row per item, one column per tag (the first of a repeated tag); lines count the items."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ImportRefused(f"{name} is no well-formed XML feed: {error}. Export it again.") from error
    items = [_cells(element) for element in root.iter() if _tag(element) in {"item", "entry"}]
    columns = list(dict.fromkeys(tag for cells in items for tag in cells))
    cells = pl.DataFrame(items, schema=dict.fromkeys(columns, pl.String()))
    lines = pl.int_range(1, cells.height + 1, dtype=pl.UInt32, eager=True)
    return FileTable(cells, lines, pl.repeat(False, cells.height, eager=True), "xml", "XML")


def _cells(item: Element) -> dict[str, str]:
    return {_tag(child): child.text or child.get("href") or "" for child in reversed(item)}


def _tag(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
