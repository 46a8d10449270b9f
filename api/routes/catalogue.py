"""`/v1/catalogue`: the shop's live changes of stock, price and the like; visible within a second."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from api.schemas.catalogue import CatalogueChanges, CatalogueReceived
from api.serving.inputs import Sent, body_of
from api.serving.product_names import is_known, own_ids
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.catalogue.live_changes import changes_since, put_changes
from features.catalogue.live_names import add_names

router = APIRouter(tags=["catalogue"])
Changes = dict[str, dict[str, Any]]


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
    changes = _by_product(sent.checked.products)
    own = await own_ids(service, service.writes, [name for name in changes if isinstance(name, str)])
    renamed = {name: product for name, product in own.items() if name != product}
    new = [name for name in changes if name not in own and not is_known(service, name)]
    outcome = await put_changes(service.writes, _under_own_ids(changes, renamed))
    await add_names(service.writes, [name for name in new if name not in outcome.rejected])
    await service.refresh_shelf()
    return JsonReply(encode(CatalogueReceived(*outcome, renamed)))


def _under_own_ids(changes: Changes, renamed: dict[str, str]) -> Changes:
    """The changes by the products' own ids; what is said of a product by several names is joined."""
    joined: dict[str, dict[str, Any]] = {}
    for name, fields in changes.items():
        joined.setdefault(renamed.get(name, name), {}).update(fields)
    return joined


def _by_product(products: list[dict[str, Any]]) -> Changes:
    """product_id -> its other fields. Raises Problem 422."""
    try:
        return {fields.pop("product_id"): fields for fields in products}
    except KeyError as error:
        raise Problem(422, 'Send {"products": [{"product_id": "...", "stock": 3}, ...]}.') from error
