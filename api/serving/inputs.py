"""Checked bodies and queries, as dependencies of routes; a route names its key first, so that comes first."""

from typing import Any, Generic, NamedTuple

import msgspec
from fastapi import Depends, Request

from api.serving.service import Service
from api.web.queries import Shape, checked, decode_json, read_body


class Sent(NamedTuple, Generic[Shape]):
    """A body: its JSON as it came, and that checked."""

    as_sent: Any
    checked: Shape


def body_of(shape: type[Shape]) -> Any:
    """Of type `Sent[shape]`. Raises Problem 400, 413 or 422."""

    async def read(request: Request) -> Sent[Shape]:
        service: Service = request.app.state.service
        as_sent = decode_json(await read_body(request, service.settings.max_body_bytes))
        return Sent(as_sent, checked(as_sent, shape, strict=True))

    return Depends(read)


def query_of(shape: type[msgspec.Struct]) -> Any:
    """Of type `shape`. Raises Problem 422."""

    async def read(request: Request) -> msgspec.Struct:
        return checked(dict(request.query_params), shape, strict=False)

    return Depends(read)
