"""Tokens for pictures in e-mails: the question and the answer."""

from typing import Annotated

import msgspec

from features.events.vocabulary import Id
from recommender.context.campaigns import Campaign

MOST_CUSTOMERS, MOST_SLOTS, MOST_DAYS = 1_000, 12, 1_100


class MailImagesAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose pictures, for which campaign (as of `/v1/picks`). `block`: your own name of the place or sending;
    e-mails with another one show other products. `slots`: how many pictures an e-mail has; what they show
    is not sent again soon. `days`: then they show best sellers to everybody."""

    customers: Annotated[tuple[Id, ...], msgspec.Meta(min_length=1, max_length=MOST_CUSTOMERS)]
    campaign: Campaign = "newsletter"
    block: Annotated[str, msgspec.Meta(max_length=100)] = ""
    slots: Annotated[int, msgspec.Meta(ge=1, le=MOST_SLOTS)] = 4
    days: Annotated[int, msgspec.Meta(ge=1, le=MOST_DAYS)] = 400


class MailImagesAnswer(msgspec.Struct, frozen=True):
    """Customer -> the token to put into the addresses `/e/{token}/1.png` and `/e/{token}/1/go`."""

    tokens: dict[str, str]
