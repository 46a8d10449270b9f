"""`/v1/offers/catalogue`: what the shop offers at all."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import numpy as np
from fastapi import APIRouter, Response

from api.schemas.offers import CatalogueAnswer, CatalogueToSave
from api.schemas.revisions import CatalogueVersion, VersionAsk
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import read_version, refuse, save_version
from api.serving.security import CallerName, SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from features.merchant.versioned_settings import OFFER_CATALOGUE, SettingVersion
from recommender.offers.catalogue import Catalogue, contradictions, loses_everywhere
from recommender.recommend import Recommender

router = APIRouter(tags=["offers"])


@router.get("/v1/offers/catalogue", **documented(CatalogueAnswer, 404, 422, 503, query=VersionAsk))
async def offer_catalogue(
    service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]
) -> Response:
    """The offers as they stand, or as they were at an earlier `revision`. Needs a secret key."""
    return _saved(
        service, *await read_version(service, ask.revision, OFFER_CATALOGUE, "/v1/offers/catalogue")
    )


@router.put(
    "/v1/offers/catalogue",
    **documented(CatalogueAnswer, 400, 409, 413, 422, 503, body=takes(CatalogueToSave)),
)
async def put_offer_catalogue(
    service: SecretService,
    caller: CallerName,
    body: Annotated[Sent[CatalogueToSave], body_of(CatalogueToSave)],
) -> Response:
    """Replace all offers; the next decision goes by them. Contradictions are refused, and offers that leave
    too little of every product's margin. Needs a secret key."""
    sent = body.checked
    problems = contradictions(sent.catalogue)
    problems += await asyncio.to_thread(_losing, service.recommender, sent.catalogue)
    refuse("catalogue", problems)
    versions = await save_version(service, OFFER_CATALOGUE, body.as_sent["catalogue"], sent.revision, caller)
    await service.refresh_offers()
    return _saved(service, versions, versions[0])


def _losing(recommender: Recommender | None, catalogue: Catalogue) -> list[str]:
    """Of what is on the shelf at known prices and costs."""
    if recommender is None:
        return []
    shelf = recommender.availability
    has_costs = shelf.offered & (shelf.price > 0) & np.isfinite(shelf.cost)
    pairs = np.unique(np.stack([shelf.price[has_costs], shelf.cost[has_costs]], axis=1), axis=0).astype(float)
    return loses_everywhere(catalogue, pairs[:, 0].tolist(), pairs[:, 1].tolist())


def _saved(service: Service, versions: Sequence[SettingVersion], version: SettingVersion) -> Response:
    catalogue = msgspec.json.decode(version.settings, type=Catalogue)
    answer = CatalogueAnswer(
        revision=version.revision,
        saved_at=version.saved_at,
        catalogue=catalogue,
        warnings=list(_warnings(service.recommender, catalogue)),
        versions=[
            CatalogueVersion(
                each.revision,
                each.saved_at,
                each.saved_by,
                len(msgspec.json.decode(each.settings, type=Catalogue).offers),
            )
            for each in versions
        ],
    )
    return JsonReply(encode(answer))


def _warnings(recommender: Recommender | None, catalogue: Catalogue) -> Iterator[str]:
    if recommender is None:
        return
    named = [product for offer in catalogue.offers for product in offer.products]
    named += [product for fixed in catalogue.sets.fixed for product in fixed.products]
    named += [*catalogue.sets.forbidden, *(product for pair in catalogue.sets.apart for product in pair)]
    for product in dict.fromkeys(named):
        if recommender.bundle.tables.products.row(product) < 0:
            yield f"The model does not know the product `{product}`."
    if catalogue.offers and not np.isfinite(recommender.availability.cost).any():
        yield "No product's cost is known: nobody gets an offer that costs money. Import costs."
