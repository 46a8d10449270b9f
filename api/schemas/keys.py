"""The shapes of questions and answers about keys."""

from datetime import datetime
from typing import Annotated

import msgspec

from features.merchant.api_keys import Scope


class KeyInfo(msgspec.Struct, frozen=True):
    """A key, by its first characters, without the rest that opens."""

    prefix: str
    scope: Scope
    name: str
    created_at: datetime


class KeysAnswer(msgspec.Struct, frozen=True):
    """All keys, oldest first. origins: of the pages that may use public keys in a browser, besides pages that
    this service serves itself; set by `PERENNIAL_CORS_ORIGINS`."""

    keys: list[KeyInfo]
    origins: list[str]


class KeyToMake(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """name: what the key is for; versions of settings that are saved with it say it."""

    scope: Scope
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""


class NewKey(KeyInfo, frozen=True):
    """A key that was just made. key: all of it, told this once."""

    key: str
