"""`/v1/catalogue`: the shop's live changes of stock, price and the like; visible within a second."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api.schemas.recommendations import CatalogueChanges, CatalogueReceived
from api.serving.inputs import Sent, body_of
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.catalogue.live_changes import changes_since, put_changes

router = APIRouter(tags=["catalogue"])


@router.get("/v1/catalogue", **documented(CatalogueChanges, 503))
async def live_changes(service: SecretService) -> Response:
    """All live changes: what differs from the catalogue that the model was trained with."""
    _, changes = await changes_since(service.store, 0)
    products = [{"product_id": product_id, **fields} for product_id, fields in changes.items()]
    return JsonReply(encode(CatalogueChanges(products)))


@router.put(
    "/v1/catalogue", **documented(CatalogueReceived, 400, 413, 422, 503, body=takes(CatalogueChanges))
)
async def change_products(
    service: SecretService, sent: Annotated[Sent[CatalogueChanges], body_of(CatalogueChanges)]
) -> Response:
    """Change fields of products, those named and no others. A wrong product never refuses the rest."""
    outcome = await put_changes(service.writes, _by_product(sent.checked.products))
    await service.refresh_shelf()
    return JsonReply(encode(CatalogueReceived(*outcome)))


def _by_product(products: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """product_id -> its other fields. Raises Problem 422."""
    try:
        return {fields.pop("product_id"): fields for fields in products}
    except KeyError as error:
        raise Problem(422, 'Send {"products": [{"product_id": "...", "stock": 3}, ...]}.') from error
