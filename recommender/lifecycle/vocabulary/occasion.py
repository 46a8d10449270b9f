"""Occasions to write to a customer, and the triggers made of them."""

from datetime import datetime
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from features.events.vocabulary import Id, Text
from recommender.context.campaigns import Campaign

WEB: Final = frozenset({"", "http", "https"})
MessageKind = Literal[
    "product_issue",
    "delay",
    "order_status",
    "abandoned_cart",
    "back_in_stock",
    "price_drop",
    "birthday",
    "thank_you",
    "onboarding",
    "usage_tips",
    "welcome",
    "tier_change",
    "vip",
    "restock",
    "reorder",
    "abandoned_browse",
    "review_request",
    "cross_sell",
    "win_back",
    "referral",
]
MESSAGE_KINDS: tuple[MessageKind, ...] = get_args(
    MessageKind
)  # most urgent first: it wins where the budget allows one message
TRANSACTIONAL = frozenset[MessageKind]({"product_issue", "delay", "order_status"})
"""What the shop owes to who bought: no budget, no hold, and no consent to promotion has a part in it."""
SERVICE = TRANSACTIONAL | {
    "thank_you",
    "onboarding",
    "usage_tips",
}  # about an order; everything else is promotion
ABOUT_ORDERS = SERVICE | {"review_request"}  # they show what was bought, sold out or not
Suggested = Campaign | Literal["new"]  # what chooses products for a message: a campaign, or the newest


class OccasionReason(msgspec.Struct, frozen=True):
    """A code from a closed list, a sentence, and the figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any] = {}


class Guide(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the shop on how to use a product."""

    id: Id
    title: Text = ""
    url: Text = ""

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in WEB:
            raise ValueError("url: an address of a page is needed, like https://...")


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to write. `key` identifies it among the customer's and is the same at every check, so that
    nobody gets two messages for it. Times: epoch ms; from `expires_ms` on it is too late.

    products: to show in the message; where there are none, `suggested` names the campaign that chooses some.
    together: several of a kind that are due make one message.
    """

    kind: MessageKind
    key: str
    due_ms: int
    expires_ms: int
    reason: OccasionReason
    products: tuple[str, ...] = ()
    suggested: Suggested | None = None
    step: int = 1
    together: bool = False
    guides: tuple[Guide, ...] = ()


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A message now due. `id` stays the same however often it is read; `keys`: of its occasions.

    slot: which content to show; guides: on the products; offer: the merchant's suggestion; `next_best` means
    that of /v1/offers.
    """

    id: str
    kind: MessageKind
    customer_id: str
    channel: str
    products: tuple[str, ...]
    due_at: datetime
    expires_at: datetime
    reason: OccasionReason
    slot: str
    offer: str | None
    step: int
    keys: tuple[str, ...]
    guides: tuple[Guide, ...] = ()
