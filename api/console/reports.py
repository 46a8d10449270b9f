"""Reports of `/v1/insights`, found again by the names of their parts, tables and columns."""

from collections.abc import Iterator
from typing import Any

from api.console.own_api import Refused
from api.console.page import Console

Json = dict[str, Any]


async def report(console: Console, name: str, **query: Any) -> Json:
    """A report, or one without parts where training has not written it yet. Raises Refused."""
    try:
        found: Json = await console.get(f"/v1/insights/{name}", **query)
    except Refused as refused:
        if refused.status != 404:
            raise
        return {"parts": [], "headline": "", "as_of": None, "notes": []}
    return found


def tables(found: Json, name: str) -> Iterator[tuple[str | None, Json]]:
    """Each table of this name with its currency."""
    for part in found["parts"]:
        yield from ((part["currency"], table) for table in part["tables"] if table["name"] == name)


def records(table: Json) -> list[Json]:
    """Its rows as objects."""
    columns = [column["name"] for column in table["columns"]]
    return [dict(zip(columns, row, strict=True)) for row in table["rows"]]


def first_records(found: Json, name: str) -> list[Json]:
    """The rows of the first table of this name, each with the `currency` of its part."""
    return [row | {"currency": currency} for currency, table in tables(found, name) for row in records(table)]


def figures(part: Json) -> dict[str, Json]:
    """The figures of a part by their names."""
    return {each["name"]: each for each in part["figures"]}


def columns(table: Json) -> dict[str, list[Any]]:
    """Its cells by the names of its columns, from the first row to the last."""
    return {
        each["name"]: [row[place] for row in table["rows"]] for place, each in enumerate(table["columns"])
    }


def by_name(part: Json) -> dict[str, Json]:
    """The tables of a part by their names."""
    return {each["name"]: each for each in part["tables"]}
