"""`/v1/products` and `/v1/customer-search`: any product and customer of the shop, by what somebody types."""

import asyncio
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response

from api.schemas.lookup import (
    CustomerFound,
    CustomersFound,
    ProductAnswer,
    ProductsFound,
    SearchAsk,
)
from api.serving.inputs import query_of
from api.serving.lookup import KeptSearch, customer_found, customers_beginning, product_answer
from api.serving.product_names import own_ids
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.people.links import owner_of
from features.store import keys
from features.store.connection import StoreUnavailable

router = APIRouter()


@router.get("/v1/products", tags=["catalogue"], **documented(ProductsFound, 422, query=SearchAsk))
async def search_products(
    request: Request, service: SecretService, ask: Annotated[SearchAsk, query_of(SearchAsk)]
) -> Response:
    """Products by id, number or title: words and their beginnings in any order, without case and accents, one
    letter may be wrong. Needs a secret key."""
    kept: KeptSearch = request.app.state.product_search
    own_id = await _own_id(service, ask.q.strip())
    found = await asyncio.to_thread(kept.products, service, ask.q, own_id, ask.limit)
    return JsonReply(encode(ProductsFound(found)))


@router.get("/v1/products/{product_id:any}", tags=["catalogue"], **documented(ProductAnswer, 404))
async def product(product_id: str, service: SecretService) -> Response:
    """One product as it stands, how it sells, and what is near it. Needs a secret key."""
    answer = product_answer(service, await _own_id(service, product_id))
    if answer is None:
        raise Problem(404, "Nobody has told of such a product: `GET /v1/products?q=` looks for one.")
    return JsonReply(encode(answer))


@router.get("/v1/customer-search", tags=["customers"], **documented(CustomersFound, 422, query=SearchAsk))
async def search_customers(
    service: SecretService, ask: Annotated[SearchAsk, query_of(SearchAsk)]
) -> Response:
    """Customers by id, any name of theirs, e-mail address or telephone number, or by how their id begins.
    Needs a secret key."""
    query = ask.q.strip()
    exact = [each for each in [await _named(service, query)] if each]
    begun = await asyncio.to_thread(customers_beginning, service, query, ask.limit) if query else []
    others = [each for each in begun if each.customer_id not in {one.customer_id for one in exact}]
    return JsonReply(encode(CustomersFound([*exact, *others][: ask.limit])))


async def _own_id(service: Service, name: str) -> str:
    """The id of the product that has this name; the name itself where none has, or the store is away."""
    with suppress(StoreUnavailable):
        return (await own_ids(service, service.store, [name])).get(name, name)
    return name


async def _named(service: Service, query: str) -> CustomerFound | None:
    """Whoever goes by exactly this name, address or number."""
    key = service.people_key.key
    names: list[tuple[str | None, Literal["id", "address"]]] = [
        (query, "id"),
        (key.email(query), "address"),
        (key.phone(query), "address"),
    ]
    for name, by in names:
        with suppress(StoreUnavailable):
            customer = service.customer(name and await owner_of(service.store, name))
            if customer and await _is_known(service, customer):
                return customer_found(service, customer, by)
    return None


async def _is_known(service: Service, customer_id: str) -> bool:
    """To the model, or by something that they did since. Raises StoreUnavailable."""
    recommender = service.recommender
    if recommender and recommender.bundle.tables.customers.row(customer_id) >= 0:
        return True
    return bool(await service.store.call("EXISTS", keys.shopper_log(customer_id, identified=True)))
