"""`/e/{token}/{slot}.png` and `/e/{token}/{slot}/go`: products in e-mails, chosen when they are opened.

E-mail programs ask without a key, and keep a picture that failed: each is answered with 200. Gmail's proxy
asks again only where nothing may be kept (`no-store`, `max-age=0`); Apple's asks ahead of the reader. The two
are no part of the documented interface: nobody but e-mails calls them.
"""

import logging
import time
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from api.schemas.mail_images import MailImagesAnswer, MailImagesAsk
from api.serving.inputs import Sent, body_of
from api.serving.mail_cards import MailCards
from api.serving.mail_images import note_click, slot_of
from api.serving.product_card import Theme, empty
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.outgoing.mail_blocks import MailBlock, seal
from features.time_units import DAY_S

router = APIRouter(tags=["e-mail"])
logger = logging.getLogger("perennial.mail_images")

PNG: Final = "image/png"
NOT_KEPT: Final = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0, private",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
PICTURE_HEADERS: Final = {**NOT_KEPT, "Cross-Origin-Resource-Policy": "cross-origin"}  # webmail shows it
IN_ADDRESSES: Final = "%/:?#[]@!$&'()*+,;=~"  # what is no letter may stand for itself
Send = Annotated[str, Query(description="The name of the sending: others show other products.")]


@router.post("/v1/mail-images", **documented(MailImagesAnswer, 400, 413, 422, body=takes(MailImagesAsk)))
async def tokens(
    service: SecretService, body: Annotated[Sent[MailImagesAsk], body_of(MailImagesAsk)]
) -> Response:
    """Tokens for customers, to be written into their e-mails. Needs a secret key.

    They hold the customer's id where nobody can read it. Asked again on the same day they are the same.
    """
    ask = body.checked
    until_s = (int(time.time()) // DAY_S + ask.days + 1) * DAY_S
    key = service.people_key.key
    sealed = {
        name: seal(key, MailBlock(name, ask.campaign, ask.block, until_s, ask.slots))
        for name in ask.customers
    }
    return JsonReply(encode(MailImagesAnswer(sealed)))


@router.get("/e/{address:path}.png", include_in_schema=False)
async def picture(
    request: Request,
    address: str,
    send: Send = "",
    theme: str = "light",
    scale: Annotated[str, Query(description="1 or 2: pixels a point.")] = "2",
) -> Response:
    """What a slot shows to this customer now. A picture in any case: best sellers to whom we do not know.

    address: token and slot; a mailing tool may have left anything in the token's place.
    """
    (service, cards), (token, _, slot) = _parts(request), address.rpartition("/")
    look: Theme = "dark" if theme == "dark" else "light"
    try:
        shown = await slot_of(service, token, send, _number(slot))
        content = await cards.png(shown, look, 1 if scale == "1" else 2)
    except Exception:  # whatever it is: a hole in an e-mail is better than a broken picture
        logger.exception("a picture for an e-mail failed; nothing is shown in its place")
        content = empty()
    return Response(content, headers=PICTURE_HEADERS, media_type=PNG)


@router.get("/e/{address:path}/go", status_code=302, include_in_schema=False)
async def go(request: Request, address: str, send: Send = "") -> Response:
    """On to the product that the slot showed last, by its address in the catalogue; the click is taken."""
    (service, _), (token, _, slot) = _parts(request), address.rpartition("/")
    number = _number(slot)
    shown = await slot_of(service, token, send, number, is_click=True)
    target = service.settings.absolute(shown.card.get("url")) or service.settings.shop_origin
    if not target:
        raise Problem(404, "The catalogue has no address for this product; set PERENNIAL_SHOP_URL.")
    await note_click(service, shown, number)
    return Response(status_code=302, headers={**NOT_KEPT, "Location": _latin(target)})


def _number(slot: str) -> int:
    return int(slot) if slot.isdecimal() and len(slot) < 4 else 0


def _parts(request: Request) -> tuple[Service, MailCards]:
    return request.app.state.service, request.app.state.mail_cards


def _latin(url: str) -> str:
    """An address as a header may hold it."""
    return quote(url, safe=IN_ADDRESSES)
