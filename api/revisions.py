"""Which of the kept versions of a merchant's settings is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from api.problems import Problem


class Revised(Protocol):
    """A version of some settings."""

    @property
    def revision(self) -> int: ...


Version = TypeVar("Version", bound=Revised)


def chosen(versions: Sequence[Version], revision: int | None, unset: Version, route: str) -> Version:
    """The version of a revision, or the newest; `unset` before the first. Raises Problem 404."""
    if revision is None:
        return versions[0] if versions else unset
    for version in versions:
        if version.revision == revision:
            return version
    raise Problem(404, f"That revision is not kept; `versions` of GET {route} lists those that are.")
