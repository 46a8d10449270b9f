"""The shapes of questions and answers about who may sign in to the console."""

from datetime import datetime

import msgspec

from features.merchant.users import Role


class UserInfo(msgspec.Struct, frozen=True):
    """Somebody who may sign in. role: a `viewer` looks, a `merchandiser` changes what shoppers see, an
    `owner` does everything."""

    name: str
    role: Role
    created_at: datetime


class UsersAnswer(msgspec.Struct, frozen=True):
    """All who may sign in, besides whoever has a secret key."""

    users: list[UserInfo]


class UserToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user's role and password."""

    role: Role
    password: str
