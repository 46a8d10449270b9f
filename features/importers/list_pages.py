"""A catalogue at an address: a file, or a shop's public list of products, whose pages become one table."""

import csv
from collections.abc import Callable, Mapping
from io import StringIO
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from features.importers.catalogues.public_lists import PUBLIC_LISTS, PublicList, Row
from features.importers.refusal import ImportRefused

MOST_PAGES = 1_000  # of 250 or 100 products
Fetch = Callable[[str], bytes]


def fetch_catalogue(url: str, fetch: Fetch) -> bytes:
    """What lies at an address; of a shop's public list, all its pages as the CSV of the platform's export.

    Raises ImportRefused where a page is missing, so that half a list is never taken for a whole one; and what
    `fetch` raises.
    """
    public = public_list(url)
    if public is None:
        return fetch(url)
    rows: dict[str, Row] = {}
    for query in public.queries:
        _read(public, urlsplit(url), query, fetch, rows)
    if not rows:
        raise ImportRefused(f"{url} lists no products. Is the shop open to the public?")
    return _csv([row for row in rows.values() if (parent := _parent(row)) is None or parent in rows])


def public_list(url: str) -> PublicList | None:
    """The kind of list that shops publish at such an address; None: it is a file's."""
    path = urlsplit(url).path.rstrip("/")
    return next((each for each in PUBLIC_LISTS if path.endswith(each.path)), None)


def _read(
    public: PublicList, url: SplitResult, query: Mapping[str, str], fetch: Fetch, rows: dict[str, Row]
) -> None:
    """Add the rows of all pages; one that brings nothing new is behind the last."""
    for number in range(1, MOST_PAGES + 1):
        asked = {**dict(parse_qsl(url.query)), **query, "page": str(number)}
        page = urlunsplit(url._replace(query=urlencode(asked), fragment=""))
        try:
            found = {str(row[public.id]): row for row in public.rows(fetch(page))}
        except (msgspec.DecodeError, ArithmeticError) as error:
            raise ImportRefused(f"{page} is no list of products: {error}. Nothing was taken.") from error
        if found.keys() <= rows.keys():
            return
        rows.update(found)
    raise ImportRefused(f"{urlunsplit(url)} has more than {MOST_PAGES:,} pages. Import an export's file.")


def _parent(row: Row) -> str | None:
    """Of a variation: it is hidden where its parent is."""
    parent = row.get("Parent")
    return parent.removeprefix("id:") if parent else None


def _csv(rows: list[Row]) -> bytes:
    text = StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()
