"""`/v1/users`: who may sign in to the console."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response

from api.schemas.users import UserInfo, UsersAnswer, UserToSave
from api.serving.inputs import Sent, body_of
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.merchant.users import UsersUnavailable, add_user, read_users, remove_user

router = APIRouter(tags=["operations"])


@router.get("/v1/users", **documented(UsersAnswer, 503))
async def users(service: SecretService) -> Response:
    """Who may sign in to the console, and what they may do there. Needs a secret key."""
    return await _users(service)


@router.put("/v1/users/{name}", **documented(UsersAnswer, 400, 413, 422, 503, body=takes(UserToSave)))
async def save_user(
    name: str, service: SecretService, body: Annotated[Sent[UserToSave], body_of(UserToSave)]
) -> Response:
    """Let somebody sign in, or give them another role and password, which ends their sessions. Needs a secret
    key."""
    asked, now = body.checked, datetime.now(UTC)
    try:
        await asyncio.to_thread(add_user, service.home, name, asked.role, asked.password, now)
    except UsersUnavailable as error:
        raise Problem(422, f"{error}.") from error
    return await _users(service)


@router.delete("/v1/users/{name}", **documented(UsersAnswer, 404, 503))
async def drop_user(name: str, service: SecretService) -> Response:
    """Let somebody sign in no more; their sessions end at once. Needs a secret key."""
    try:
        known = await asyncio.to_thread(remove_user, service.home, name)
    except UsersUnavailable as error:
        raise Problem(503, f"{error}.") from error
    if not known:
        raise Problem(404, "There is no such user: `GET /v1/users` lists them.")
    return await _users(service)


async def _users(service: Service) -> Response:
    """Raises Problem 503."""
    try:
        found = (await asyncio.to_thread(read_users, service.home)).users
    except UsersUnavailable as error:
        raise Problem(503, f"{error}.") from error
    listed = [UserInfo(name, user.role, user.created_at) for name, user in sorted(found.items())]
    return JsonReply(encode(UsersAnswer(listed)))
