"""`DELETE /v1/customers/{id}` and `GET /v1/customers/{id}/export`: forget somebody; tell all that is held."""

import asyncio
import os
import subprocess
import sys
import time

from fastapi import APIRouter, Request, Response

from api.schemas.privacy import CustomerExport, Erasure
from api.serving.security import SecretService
from api.web.openapi import documented
from api.web.problems import Problem
from api.web.queries import CustomerId
from api.web.replies import JsonReply, encode
from features.store.tombstones import begin_erasure

router = APIRouter(tags=["customers"])
EXPORT_TIMEOUT_S = 300.0
BUSY = {"Retry-After": "10"}


@router.delete("/v1/customers", include_in_schema=False, status_code=202)
@router.delete("/v1/customers/{customer_id:any}", **documented(Erasure, 422, 503, status=202))
async def erase_customer(customer_id: CustomerId, service: SecretService) -> Response:
    """Erase a customer for good, with the browsers and visits that are theirs alone. Needs a secret key.
    Also at `/v1/customers?customer_id=`.

    All names of the person are erased. An erasure that was acknowledged is finished, whatever ends in
    between; again is no error. Their later events and orders are not kept.
    """
    for name in {customer_id, service.names.current(customer_id)}:
        await begin_erasure(service.writes, name, int(time.time() * 1000))
    await service.refresh_erased()
    return JsonReply(encode(Erasure(customer_id)), status=202)


@router.get("/v1/customers/{customer_id:any}/export", **documented(CustomerExport, 422, 503))
async def export_customer(customer_id: CustomerId, request: Request, service: SecretService) -> Response:
    """Everything that is held about a customer, as one JSON object. Needs a secret key.

    The whole history is read for it, in a process of its own, for one customer at a time.
    """
    running: asyncio.Lock = request.app.state.exporting
    if running.locked():
        raise Problem(503, "Another export is being written: ask again when it is done.", headers=BUSY)
    async with running:
        home, redis_url = str(service.home.root), request.app.state.redis_url
        body = await asyncio.to_thread(_exported, customer_id, home, redis_url)
    return JsonReply(body, ((b"cache-control", b"private, no-store"),))


def _exported(customer_id: str, home: str, redis_url: str) -> bytes:
    """What `perennial export` prints. The id goes by its standard input: arguments can be seen by others."""
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", "perennial", "export", "--home", home, "-"],
            input=f"{customer_id}\n".encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "REDIS_URL": redis_url},
            timeout=EXPORT_TIMEOUT_S,
            check=True,
        ).stdout
    except subprocess.SubprocessError as error:
        remedy = "`perennial export CUSTOMER` beside the home says why."
        raise Problem(503, f"The export could not be written: {remedy}", headers=BUSY) from error
