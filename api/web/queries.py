"""Query strings and bodies to checked questions."""

import zlib
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote_plus

import msgspec
from fastapi import Request
from pydantic import StringConstraints
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect

from api.schemas.recommendations import Ask, AskPage
from api.web.access import header
from api.web.problems import Problem
from features.events.bounds import MAX_DEPTH, is_deep

CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Of a path or query, by the rule of an event's ids."""


class AnyText(Convertor[str]):
    """The convertor `any`: a part of a path with whatever is in it, slashes and line ends, too."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any", AnyText())
RULES = {"repeats": "it is `all`, `none`, or the share of products bought before, from 0 to 1"}
"""What a field may hold, where the decoder's own words do not say it."""
LISTS = frozenset({"cart", "exclude", "candidates"})
Shape = TypeVar("Shape")


def ask_of_query(query_string: bytes) -> Ask:
    """Raises Problem 422 with what is wrong."""
    return checked(fields_of_query(query_string), Ask, strict=False)


def fields_of_query(query_string: bytes) -> dict[str, Any]:
    """The fields of a question, to be checked. Empty values count as absent."""
    text = query_string.decode("latin-1").replace("%2C", ",")  # most have no other escapes
    parts = [part.partition("=") for part in text.split("&")]
    fields: dict[str, Any] = {name: value for name, _, value in parts if value}
    if "%" in text or "+" in text:
        fields = {unquote_plus(name): unquote_plus(value) for name, value in fields.items()}
    if "filter" in fields:  # the one that may be repeated
        fields["filter"] = tuple([unquote_plus(value) for name, _, value in parts if name == "filter"])
    fields.pop("key", None)  # the caller's key, already looked at
    for name in LISTS & fields.keys():
        fields[name] = tuple(part for part in fields[name].split(",") if part)
    return fields


def asks_of_body(body: bytes) -> tuple[Ask, ...]:
    """The questions of `{"requests": [...]}`. Raises Problem 400 or 422."""
    return checked(decode_json(body), AskPage, strict=True).requests


def decode_json(body: bytes) -> Any:
    """Raises Problem 400."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON that we can read: {error}") from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_deep(decoded):
        raise Problem(400, f"The body is nested deeper than {MAX_DEPTH}.")
    return decoded


async def read_body(request: Request, limit: int) -> bytes:
    """Raises Problem 413 as soon as the body is longer than `limit` bytes, ClientDisconnect.

    By ASGI's messages: `request.stream()` costs some microseconds more.
    """
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise Problem(413, f"The body is larger than {limit:,} bytes; send it in parts.")
    return body


async def read_packed_body(request: Request, limit: int) -> bytes:
    """As `read_body`, of a body that may come as gzip. Raises Problem 400, 413 and 415, ClientDisconnect."""
    body, coding = await read_body(request, limit), header(request, b"content-encoding").lower()
    if coding in ("", "identity"):
        return body
    if coding != "gzip":
        raise Problem(415, f"Bodies are taken as they are or as gzip, not as {coding}.")
    gzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = gzip.decompress(body, limit + 1)
    except zlib.error as error:
        raise Problem(400, f"The body says it is gzip, and is not: {error}.") from error
    if len(plain) > limit:
        raise Problem(413, f"The body is larger than {limit:,} bytes; send it in parts.")
    if not gzip.eof:
        raise Problem(400, "The body is gzip that ends too early: send it again.")
    return plain


def checked(fields: Any, shape: type[Shape], *, strict: bool) -> Shape:
    """Fields as one of our shapes; not strict: numbers may be text. Raises Problem 422."""
    try:
        return msgspec.convert(fields, shape, strict=strict)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        where = path.strip("`$.") or None
        if where and (rule := RULES.get(where.rpartition(".")[2])):
            message = f"{message}; {rule}"
        raise Problem(
            422, f"{where}: {message}" if where else message, [{"field": where, "message": message}]
        ) from error
