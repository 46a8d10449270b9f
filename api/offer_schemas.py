"""The shapes of questions and answers about offers and sets."""

from __future__ import annotations

from datetime import datetime

import msgspec

from recommender.offer_catalogue import Catalogue


class CatalogueToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole catalogue, in place of the one before. With `revision`, the one you changed, nobody's work is
    lost."""

    catalogue: Catalogue
    revision: int | None = None


class CatalogueVersion(msgspec.Struct, frozen=True):
    """A version that can be gone back to."""

    revision: int
    saved_at: datetime | None
    offers: int


class CatalogueAnswer(msgspec.Struct, frozen=True):
    """The catalogue in full, what is odd about it, and the versions that are kept, newest first."""

    revision: int
    saved_at: datetime | None
    catalogue: Catalogue
    warnings: list[str]
    versions: list[CatalogueVersion]
