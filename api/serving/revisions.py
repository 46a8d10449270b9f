"""Which of the kept versions of a merchant's settings is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from api.serving.service import Service
from api.web.problems import Problem
from api.web.replies import encode
from features.merchant.versioned_settings import SettingVersion, SettingVersions


async def asked(
    service: Service, revision: int | None, settings: SettingVersions, route: str
) -> tuple[list[SettingVersion], SettingVersion]:
    """(all that are kept, the one of that revision, or the newest). Raises Problem 404."""
    versions = await settings.newest(service.store)
    if revision is None:
        return versions, versions[0] if versions else settings.initial
    for version in versions:
        if version.revision == revision:
            return versions, version
    raise Problem(404, f"That revision is not kept; `versions` of GET {route} lists those that are.")


async def saved(
    service: Service, settings: SettingVersions, as_sent: object, revision: int | None
) -> list[SettingVersion]:
    """Keep the settings as they came: what is not named follows the defaults, of a later version, too.

    Returns all that are kept, newest first. Raises StaleRevision, StoreUnavailable.
    """
    await settings.save(service.writes, encode(as_sent), datetime.now(UTC), revision)
    return await settings.newest(service.store)


def refuse(field: str, found: Sequence[str]) -> None:
    """Raises Problem 422, if anything was found."""
    if found:
        raise Problem(422, found[0], [{"field": field, "message": message} for message in found])
