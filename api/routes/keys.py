"""`/v1/keys`: which keys open the service, a new one, and one that opens nothing any more."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Request, Response

from api.schemas.keys import KeyInfo, KeysAnswer, KeyToMake, NewKey
from api.serving.inputs import Sent, body_of
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.home import Home
from features.merchant.api_keys import (
    PREFIX_LENGTH,
    ApiKey,
    KeysUnavailable,
    create_key,
    list_keys,
    revoke_key,
)

if TYPE_CHECKING:
    import redis

router = APIRouter(tags=["operations"])
Result = TypeVar("Result")


@router.get("/v1/keys", **documented(KeysAnswer, 503))
async def keys(request: Request, service: SecretService) -> Response:
    """The keys that open something, by their first characters, and the origins of pages that may use public
    ones. Needs a secret key."""
    found = await _in_store(request, list_keys)
    return JsonReply(encode(KeysAnswer([*map(_info, found)], list(service.settings.cors_origins))))


@router.post("/v1/keys", **documented(NewKey, 400, 413, 422, 503, status=201, body=takes(KeyToMake)))
async def make_key(
    request: Request, service: SecretService, body: Annotated[Sent[KeyToMake], body_of(KeyToMake)]
) -> Response:
    """Make a key. It is told this once, and opens within a second. Needs a secret key."""
    asked, now = body.checked, datetime.now(UTC)
    key = await _in_store(
        request, lambda home, client: create_key(home, client, asked.scope, asked.name, now)
    )
    await service.refresh_keys()
    answer = NewKey(key[:PREFIX_LENGTH], asked.scope, asked.name, now, key)
    return JsonReply(encode(answer), ((b"cache-control", b"private, no-store"),), status=201)


@router.delete("/v1/keys/{prefix}", **documented(KeyInfo, 404, 503))
async def drop_key(prefix: str, request: Request, service: SecretService) -> Response:
    """Revoke the key with these first characters: within a second it opens nothing. Needs a secret key."""
    revoked = await _in_store(request, lambda home, client: revoke_key(home, client, prefix))
    await service.refresh_keys()
    if not revoked:
        raise Problem(404, "No key begins so: `GET /v1/keys` lists them.")
    return JsonReply(encode(_info(revoked[0])))


async def _in_store(request: Request, work: Callable[[Home, "redis.Redis"], Result]) -> Result:
    """What is done with keys, by a client that may wait. Raises Problem 503."""
    import redis

    home: Home = request.app.state.service.home
    with redis.Redis.from_url(request.app.state.redis_url) as client:
        try:
            return await asyncio.to_thread(work, home, client)
        except (KeysUnavailable, OSError) as error:
            raise Problem(503, f"The keys cannot be read or kept: {error}.") from error


def _info(key: ApiKey) -> KeyInfo:
    return KeyInfo(key.prefix, key.scope, key.name, key.created_at)
