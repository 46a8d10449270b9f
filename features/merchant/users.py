"""Who may sign in to the console: `users.json` of a home, which only its owner can read.

Passwords are kept as Argon2id hashes (RFC 9106). Beside them lies the secret that signs sessions.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from features.home import Home
from features.store.files import changing, read_whole, write_whole

Role = Literal["viewer", "merchandiser", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may
SHORTEST_PASSWORD = 10


class UsersUnavailable(Exception):
    """The users cannot be read, or such a user cannot be; the message says what to do."""


class User(msgspec.Struct, frozen=True):
    """Somebody who may sign in. password: an Argon2id hash in PHC's string format."""

    role: Role
    password: str
    created_at: datetime


class Users(msgspec.Struct, frozen=True):
    """All users by name. secret: signs their sessions."""

    secret: str
    users: dict[str, User] = {}


def read_users(home: Home) -> Users:
    """The users; a home without any is given a secret first. Raises OSError, UsersUnavailable."""
    return _read(home) or _change(home, {})


def add_user(home: Home, name: str, role: Role, password: str, now: datetime) -> None:
    """Add a user, or give one another role and password. Raises OSError, UsersUnavailable."""
    from argon2 import PasswordHasher

    if not name or len(name) > 60 or not name.isprintable() or name != name.strip() or "/" in name:
        raise UsersUnavailable("a name has 1 to 60 letters and no slash, without blanks around it")
    if len(password) < SHORTEST_PASSWORD:
        raise UsersUnavailable(f"a password has at least {SHORTEST_PASSWORD} characters")
    _change(home, {name: User(role, PasswordHasher().hash(password), now)})


def remove_user(home: Home, name: str) -> bool:
    """Remove a user, whose sessions end with that. Returns whether there was one.

    Raises OSError, UsersUnavailable.
    """
    known = name in read_users(home).users
    _change(home, {name: None})
    return known


def matches(user: User | None, password: str) -> bool:
    """Whether this is the user's password. A name that is not known takes as long as one that is."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(user.password if user else _nobodys(), password) and user is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """A hash that no user has, made once: making one for each try would take as long again as checking it."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(secrets.token_urlsafe())


def _change(home: Home, changes: Mapping[str, User | None]) -> Users:
    """Write users with these changes; None: remove."""
    with changing(_path(home)):
        before = _read(home) or Users(secrets.token_urlsafe(32))
        after = {name: user for name, user in {**before.users, **changes}.items() if user is not None}
        users = Users(before.secret, after)
        write_whole(_path(home), msgspec.json.encode(users), mode=0o600)
        return users


def _read(home: Home) -> Users | None:
    content = read_whole(_path(home))
    try:
        return None if content is None else msgspec.json.decode(content, type=Users)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsersUnavailable(
            f"users.json in {home.root} is damaged: put a copy back, or delete it and add the users again"
        ) from error


def _path(home: Home) -> Path:
    return home.root / "users.json"
