"""What a policy to be replayed on logged decisions consists of: a catalogue and an offer model."""

from pathlib import Path

import msgspec

from features.home import Home
from recommender.customers.offer_context import model_of
from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from recommender.offers.catalogue import Catalogue, contradictions
from recommender.offers.incremental_margin import OfferModel
from training.errors import BadDataset


class CatalogueBody(msgspec.Struct, frozen=True):
    """The body of `PUT /v1/offers/catalogue`, and of the answer to `GET`."""

    catalogue: Catalogue


def read_catalogue(path: Path) -> Catalogue:
    """A JSON file with a catalogue, or with a body of the API. Raises BadDataset."""
    try:
        decoded = msgspec.json.decode(path.read_bytes())
        is_body = isinstance(decoded, dict) and "catalogue" in decoded
        catalogue = (
            msgspec.convert(decoded, CatalogueBody).catalogue
            if is_body
            else msgspec.convert(decoded, Catalogue)
        )
    except (msgspec.DecodeError, OSError) as error:
        raise BadDataset(f"{path} is no catalogue of offers: {error}") from error
    if wrong := contradictions(catalogue):
        raise BadDataset(f"{path}: {' '.join(wrong)}")
    return catalogue


def catalogue_of(settings: bytes) -> Catalogue:
    """The saved catalogue; one without offers where it cannot be decoded."""
    try:
        return msgspec.json.decode(settings, type=Catalogue)
    except msgspec.DecodeError:
        return Catalogue()


def offer_model_of(home: Home, version: str) -> OfferModel:
    """The offer model of a version of the bundle. Raises BadDataset."""
    try:
        return model_of(versions.load(home.models, version).tables)
    except BadBundle as error:
        raise BadDataset(str(error)) from error
