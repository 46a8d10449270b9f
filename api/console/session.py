"""Who is signed in: a signed cookie that names a user or a secret key, checked again with each request."""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Final

import msgspec
from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from api.serving.service import Service
from api.web.problems import Problem
from features.merchant.api_keys import PREFIXES, digest
from features.merchant.users import ROLES, Role, User, Users, matches, read_users
from features.time_units import DAY_S

COOKIE: Final = "perennial_console"
PATH: Final = "/console"
LASTS_S: Final = 14 * DAY_S
WRONG: Final = 401


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether they may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class _Session(msgspec.Struct, frozen=True):
    """What the cookie says. mark: of the user's password, or the digest of the key."""

    mark: str
    user: str | None = None


async def sign_in(request: Request, name: str, secret: str) -> str | None:
    """The cookie for a user's password, or for a secret key; None if it is wrong.

    Raises Problem 429, 503; UsersUnavailable, OSError.
    """
    service: Service = request.app.state.service
    users = read_users(service.home)
    key = secret.strip()
    if key.startswith(PREFIXES["secret"]) and _is_secret_key(service, request, key):
        return _signed(users, _Session(digest(key)))
    if not name.strip():
        return None
    user = users.users.get(name.strip())
    if not await asyncio.to_thread(matches, user, secret) or user is None:
        return None
    return _signed(users, _Session(_mark(user), name.strip()))


def person_of(request: Request) -> Person | None:
    """Who is signed in. Raises Problem 503; UsersUnavailable, OSError."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    service: Service = request.app.state.service
    users = read_users(service.home)
    try:
        session = msgspec.convert(_signer(users).loads(cookie, max_age=LASTS_S), _Session)
    except (BadSignature, msgspec.ValidationError):
        return None
    if session.user is None:
        known = service.access.is_secret_digest(request, session.mark)
        return Person(service.access.key_name(session.mark) or "secret key", "owner") if known else None
    user = users.users.get(session.user)
    return Person(session.user, user.role) if user and _mark(user) == session.mark else None


def keep(response: Response, request: Request, cookie: str) -> None:
    """Let the browser keep the session: for the console alone, and no script can read it."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(LASTS_S),
        path=PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def forget(response: Response) -> None:
    """Let the browser forget the session."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


def _is_secret_key(service: Service, request: Request, key: str) -> bool:
    try:
        return service.access.scope_of(request, key) == "secret"
    except Problem as problem:
        if problem.status == WRONG:
            return False
        raise


def _signed(users: Users, session: _Session) -> str:
    return str(_signer(users).dumps(msgspec.to_builtins(session)))


def _signer(users: Users) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(users.secret, salt="console session")


def _mark(user: User) -> str:
    """Differs once the user has another password or role, which ends their sessions."""
    return hashlib.sha256(f"{user.password} {user.role}".encode()).hexdigest()
