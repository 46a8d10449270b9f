"""Fields of forms as the API takes them. What cannot be read goes on as it is: the API says what is wrong."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import FormData

from api.console.own_api import Refused
from api.web.queries import read_body

AUDIENCE_LISTS = ("segments", "tiers", "countries", "channels")
FROM_STRANGERS_BYTES: Final = 8_000  # of a form that needs no session


async def read_form(request: Request, most_bytes: int) -> FormData:
    """The fields of a form without files. Raises Problem 413, ClientDisconnect."""
    body = await read_body(request, most_bytes)
    return FormData([*parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)])


def text(form: FormData, field: str) -> str:
    """One field, without blanks around it; "" if it was not sent."""
    return str(form.get(field, "")).strip()


def number(form: FormData, field: str) -> float | str | None:
    """A number, whole where it is; None if the field is empty."""
    written = text(form, field)
    for read in (int, float):
        with suppress(ValueError):
            return read(written)
    return written or None


def revision(form: FormData) -> int:
    """Of the settings that a form was made of. Raises Refused."""
    try:
        return int(text(form, "revision"))
    except ValueError as error:
        raise Refused(422, {"detail": "revision: a whole number is needed"}) from error


def share(form: FormData, field: str) -> float | str | None:
    """A percentage as a share of 1."""
    read = number(form, field)
    return read / 100 if isinstance(read, int | float) else read


def names(form: FormData, field: str) -> list[str]:
    """What is ticked, or written one a line or between commas."""
    written = (str(each) for each in form.getlist(field))
    return [name for each in written for part in each.splitlines() for name in _parts(part)]


def moment(form: FormData, field: str) -> str | None:
    """A time of UTC, as `datetime-local` writes it, as ISO 8601 with its zone."""
    written = text(form, field)
    with suppress(ValueError):
        return datetime.fromisoformat(written).replace(tzinfo=UTC).isoformat()
    return written or None


def now() -> str:
    """The time, written as `moment` writes it."""
    return datetime.now(UTC).isoformat()


def audience(form: FormData, prefix: str) -> dict[str, Any]:
    """Whom something is about; empty for everybody."""
    lists = {each: names(form, f"{prefix}_{each}") for each in AUDIENCE_LISTS}
    return given(lists | {"visitors": text(form, f"{prefix}_visitors") or None})


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """Without those that nothing is written in."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def new_id(wanted: str, taken: Sequence[str]) -> str:
    """An id of its own, made of a name."""
    base = "-".join("".join(sign if sign.isalnum() else " " for sign in wanted.lower()).split())[:40] or "new"
    numbered = (f"{base}-{each}" for each in range(2, len(taken) + 3))
    return next(each for each in (base, *numbered) if each not in taken)


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split(",") if part.strip()]
