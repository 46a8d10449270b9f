"""Versions of a merchant's settings: one is read, or a new one saved."""

from collections.abc import Sequence
from datetime import UTC, datetime

from api.schemas.revisions import SettingsVersion
from api.serving.service import Service
from api.web.problems import Problem
from api.web.replies import encode
from features.merchant.versioned_settings import SettingVersion, SettingVersions


async def read_version(
    service: Service, revision: int | None, settings: SettingVersions, route: str
) -> tuple[list[SettingVersion], SettingVersion]:
    """(all saved versions, the wanted one of them; revision None: the newest). Raises Problem 404."""
    versions = await settings.newest(service.store)
    if revision is None:
        return versions, versions[0] if versions else settings.initial
    for version in versions:
        if version.revision == revision:
            return versions, version
    raise Problem(404, f"That revision is not kept; `versions` of GET {route} lists those that are.")


async def save_version(
    service: Service, settings: SettingVersions, as_sent: object, revision: int | None, by: str | None
) -> list[SettingVersion]:
    """Save the settings as they were sent, so that fields left out follow the defaults, also later ones.

    by: who saves them. Returns all saved versions, newest first. Raises StaleRevision, StoreUnavailable.
    """
    await settings.save(service.writes, encode(as_sent), datetime.now(UTC), revision, by)
    return await settings.newest(service.store)


def listed(versions: Sequence[SettingVersion]) -> list[SettingsVersion]:
    """What an answer says of them."""
    return [SettingsVersion(each.revision, each.saved_at, each.saved_by) for each in versions]


def refuse(field: str, problems: Sequence[str]) -> None:
    """Raises Problem 422 if there is any problem."""
    if problems:
        raise Problem(422, problems[0], [{"field": field, "message": message} for message in problems])
