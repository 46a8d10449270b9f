"""Reasons to write to somebody: what a family of messages finds, and what is handed out of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

import msgspec

Kind = Literal[
    "abandoned_cart",
    "back_in_stock",
    "price_drop",
    "birthday",
    "thank_you",
    "onboarding",
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
KINDS: tuple[Kind, ...] = get_args(Kind)  # the most urgent first: who may be written to once gets that
SERVICE = frozenset[Kind]({"thank_you", "onboarding"})  # about an order; everything else is promotion
Suggested = Literal["home", "email", "post_purchase", "new"]  # placements that choose products for a message


class Reason(msgspec.Struct, frozen=True):
    """Why: a closed code, a sentence, and the true figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any] = {}


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to write. `key` tells it from a customer's others and is the same at every look, so that
    nobody is written to twice for it. Times: epoch ms; from `expires_ms` on it is too late.

    products: what it is about; where there are none, `suggested` names the placement that chooses some.
    together: several of a kind that are due make one message.
    """

    kind: Kind
    key: str
    due_ms: int
    expires_ms: int
    reason: Reason
    products: tuple[str, ...] = ()
    suggested: Suggested | None = None
    step: int = 1
    together: bool = False


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A message now due. `id` stays the same however often it is read; `keys`: the occasions it is for.

    slot: which content to show; offer: the merchant's suggestion, `next_best` being that of /v1/offers.
    """

    id: str
    kind: Kind
    customer_id: str
    channel: str
    products: tuple[str, ...]
    due_at: datetime
    expires_at: datetime
    reason: Reason
    slot: str
    offer: str | None
    step: int
    keys: tuple[str, ...]
