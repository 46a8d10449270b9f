"""`/v1/catalogue`: the shop's live changes of stock, price and the like; visible within a second."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import CatalogueChanges, CatalogueReceived
from api.serving.service import Service
from api.web.openapi import answers, takes
from api.web.problems import Problem
from api.web.queries import decode_json, read_body
from api.web.replies import encode
from features.catalogue.live_changes import changes_since, put_changes

router = APIRouter(tags=["catalogue"])


@router.get("/v1/catalogue", responses=answers(CatalogueChanges))
async def live_changes(request: Request) -> Response:
    """All live changes: what differs from the catalogue that the model was trained with."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    _, changes = await changes_since(service.store, 0)
    products = [{"product_id": product_id, **fields} for product_id, fields in changes.items()]
    return Response(encode({"products": products}), media_type="application/json")


@router.put("/v1/catalogue", responses=answers(CatalogueReceived), openapi_extra=takes(CatalogueChanges))
async def change_products(request: Request) -> Response:
    """Change fields of products, those named and no others. A wrong product never refuses the rest."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    body = decode_json(await read_body(request, service.settings.max_body_bytes))
    outcome = await put_changes(service.writes, _by_product(body))
    await service.refresh_shelf()
    return Response(encode(CatalogueReceived(*outcome)), media_type="application/json")


def _by_product(body: Any) -> dict[str, dict[str, Any]]:
    """product_id -> its other fields. Raises Problem 422."""
    try:
        products = msgspec.convert(body, CatalogueChanges).products
        return {fields.pop("product_id"): fields for fields in products}
    except (msgspec.ValidationError, KeyError) as error:
        raise Problem(422, 'Send {"products": [{"product_id": "...", "stock": 3}, ...]}.') from error
