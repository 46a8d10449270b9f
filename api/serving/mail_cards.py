"""Cards of products as PNGs, drawn where they are not kept: most customers see the same few."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from api.serving.mail_images import Slot
from api.serving.product_card import Card, Theme, draw, empty
from api.serving.product_pictures import ProductPictures
from api.web.settings import ApiSettings
from recommender.reasons.language import language_of

KEPT_CARDS = 300  # 20 MB where all have photographs


class MailCards:
    """Those of one process. One is drawn at a time: answers need the processor, too."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._pictures = ProductPictures(settings.picture_hosts)
        self._kept: OrderedDict[Card, bytes] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, "cards")

    async def png(self, slot: Slot, theme: Theme, scale: int) -> bytes:
        """A slot's card; a transparent pixel where it shows nothing."""
        fields = slot.card
        title, amount = fields.get("title"), fields.get("price")
        if not title:
            return await self._run(None)
        price = language_of(slot.language).price(amount, fields.get("currency")) if amount is not None else ""
        picture = await self._pictures.of(self._settings.absolute(fields.get("image_url")))
        card = Card(title, price, picture, theme, scale, self._settings.picture_font)
        if card not in self._kept:
            self._kept[card] = await self._run(card)
            while len(self._kept) > KEPT_CARDS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(card)
        return self._kept[card]

    async def close(self) -> None:
        """Draw nothing any more."""
        await self._pictures.close()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, card: Card | None) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, _drawn, card)


def _drawn(card: Card | None) -> bytes:
    return draw(card) if card else empty()
