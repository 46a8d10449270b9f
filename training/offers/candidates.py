"""A policy that is to be tried on logged decisions: a catalogue's file, and a model's beliefs."""

from __future__ import annotations

from pathlib import Path

import msgspec

from features.home import Home
from recommender.customers.offer_context import model_of
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from recommender.offers.catalogue import Catalogue, contradictions
from recommender.offers.incremental_margin import OfferModel
from training.errors import BadDataset


class Saved(msgspec.Struct, frozen=True):
    """As `PUT /v1/offers/catalogue` takes it, or `GET` answers."""

    catalogue: Catalogue


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue alone, or as the API has it. Raises BadDataset."""
    try:
        told = msgspec.json.decode(path.read_bytes())
        whole = isinstance(told, dict) and "catalogue" in told
        found = msgspec.convert(told, Saved).catalogue if whole else msgspec.convert(told, Catalogue)
    except (msgspec.DecodeError, OSError) as error:
        raise BadDataset(f"{path} is no catalogue of offers: {error}") from error
    if wrong := contradictions(found):
        raise BadDataset(f"{path}: {' '.join(wrong)}")
    return found


def catalogue_of(settings: bytes) -> Catalogue:
    """As it is saved; without offers where it cannot be read."""
    try:
        return msgspec.json.decode(settings, type=Catalogue)
    except msgspec.DecodeError:
        return Catalogue()


def believed(home: Home, version: str) -> OfferModel:
    """What a version of the model knows of offers. Raises BadDataset."""
    try:
        return model_of(versions.load(home.models, version).tables)
    except BadBundle as error:
        raise BadDataset(str(error)) from error
