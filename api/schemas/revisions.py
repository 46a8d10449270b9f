"""The shapes of questions and answers about versions of settings."""

from datetime import datetime

import msgspec


class VersionAsk(msgspec.Struct, frozen=True):
    """Which version of the settings; without `revision` the newest."""

    revision: int | None = None


class SettingsVersion(msgspec.Struct, frozen=True):
    """A version that can be gone back to. saved_by: the name of the key, or of who was signed in; null: not
    known."""

    revision: int
    saved_at: datetime | None
    saved_by: str | None


class RulesVersion(SettingsVersion, frozen=True):
    """A version that can be gone back to, and how many rules it has."""

    rules: int


class CatalogueVersion(SettingsVersion, frozen=True):
    """A version that can be gone back to, and how many offers it has."""

    offers: int


class ExperimentsVersion(SettingsVersion, frozen=True):
    """A version that can be gone back to, and its experiments' ids."""

    experiments: list[str]
