"""`POST /v1/webhooks/{service}`: what a connected service tells us by itself, signed by it.

Not part of the documented interface: its shape and its signature are the service's (docs/connect).
"""

from fastapi import APIRouter, Request, Response

from api.serving.service import Service
from api.serving.webhooks import take_webhook
from api.web.queries import read_body
from api.web.replies import JsonReply, encode

router = APIRouter(include_in_schema=False)


@router.post("/v1/webhooks/{name}")
async def webhook(name: str, request: Request) -> Response:
    """Take a webhook of a service that `perennial connect` has connected, durably before it is answered.

    It needs no key: its signature, of the service's secret, proves who sends it.
    """
    service: Service = request.app.state.service
    body = await read_body(request, service.settings.max_body_bytes)
    headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in request.scope["headers"]}
    return JsonReply(encode({"outcome": await take_webhook(service, name, headers, body)}))
