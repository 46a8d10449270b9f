"""The merchant's settings for lifecycle messages; the defaults fit a small shop."""

from collections.abc import Iterator, Set
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from features.events.consents import Channel
from features.events.vocabulary import Id, Text
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS, Guide, MessageKind
from recommender.offers.catalogue import NO_OFFER, Share, StrictStruct
from recommender.value.segments import VIP_ORDERS

NEXT_BEST = "next_best"
Hours = Annotated[float, msgspec.Meta(ge=0, le=8_760)]
Steps = Annotated[tuple[Hours, ...], msgspec.Meta(min_length=1, max_length=5)]
Days = Annotated[float, msgspec.Meta(ge=0, le=730)]
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d(?![\s\S])")]


class SettingsStruct(StrictStruct, frozen=True, kw_only=True, omit_defaults=False):
    """A part of the settings; the JSON says the defaults, too."""


class Message(SettingsStruct, frozen=True, kw_only=True):
    """offers: what to suggest at each step, the last one for all further steps; `next_best`: that of
    /v1/offers, `none`: nothing. rest_days: pause after a message before the next of its kind."""

    enabled: bool = True
    offers: Annotated[tuple[Id, ...], msgspec.Meta(max_length=5)] = ()
    rest_days: Days = 0.0


class Welcome(Message, frozen=True, kw_only=True):
    """after_hours: since they became known or subscribed, whichever was later."""

    after_hours: Steps = (0.0, 72.0, 168.0)


class AbandonedCart(Message, frozen=True, kw_only=True):
    """after_hours: since the cart was last changed."""

    after_hours: Steps = (1.0, 24.0, 72.0)


class AbandonedBrowse(Message, frozen=True, kw_only=True):
    """after_hours: since the last product view; least_products: viewed within the day before it."""

    rest_days: Days = 7.0
    after_hours: Hours = 24.0
    least_products: Count = 2


class Refills(Message, frozen=True, kw_only=True):
    """lead_days: before the expected date; least_chance: of buying it again; restock_products: from so many
    due at once, one `restock` message replaces them."""

    rest_days: Days = 7.0
    lead_days: Days = 3.0
    least_orders: Count = 2
    least_chance: Share = 0.3
    restock_products: Count = 3


class Watched(Message, frozen=True, kw_only=True):
    """interest_days: how long a view, a wish or a cart counts as interest."""

    interest_days: Days = 30.0


class PriceDrop(Watched, frozen=True, kw_only=True):
    """least_drop: share of the price before."""

    rest_days: Days = 3.0
    least_drop: Share = 0.1


class WinBack(Message, frozen=True, kw_only=True):
    """least_risk: of churn; least_days and most_days: since the last order, whatever the risk. spread_days:
    over which messages are spread to customers who were due when the shop began or changed these settings."""

    offers: tuple[Id, ...] = (NEXT_BEST,)
    least_risk: Share = 0.6
    least_days: Days = 45.0
    most_days: Days = 365.0
    spread_days: Days = 60.0


class AfterOrder(Message, frozen=True, kw_only=True):
    """after_days: since the expected delivery."""

    after_days: Days = 7.0


class OrderStatus(Message, frozen=True, kw_only=True):
    """statuses: of which the customer is told; delays are a kind of their own."""

    statuses: tuple[str, ...] = ("shipped", "ready", "delivered")


class ProductGuide(Guide, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The merchant's own table: a guide, and the products and categories that it is about. A category holds
    for those below it, too."""

    products: tuple[Id, ...] = ()
    categories: tuple[Text, ...] = ()

    def is_about(self, product_id: str, category: str | None) -> bool:
        below = category is not None and any(
            category == each or category.startswith(f"{each} > ") for each in self.categories
        )
        return below or product_id in self.products


class ThankYou(Message, frozen=True, kw_only=True):
    """orders: which of a customer's orders; after_hours: since the order."""

    orders: tuple[Count, ...] = (1, 5, 10)
    after_hours: Hours = 24.0


class Onboarding(Message, frozen=True, kw_only=True):
    """Of a first order; after_days: since the expected delivery. The second step is for tips on use."""

    after_days: tuple[Days, ...] = (1.0, 14.0)


class TierChange(Message, frozen=True, kw_only=True):
    """Of the tiers in the home's tiers.json. near_share: of a tier's threshold that is still missing."""

    near_share: Share = 0.1


class Vip(Message, frozen=True, kw_only=True):
    """top_share: of customers, by spend; with at least so many orders."""

    top_share: Share = 0.05
    least_orders: Count = VIP_ORDERS


class Referral(Message, frozen=True, kw_only=True):
    """After a good answer: a survey score (0 to 10) or a review's rating (1 to 5)."""

    rest_days: Days = 180.0
    least_score: Annotated[float, msgspec.Meta(ge=0, le=10)] = 9.0
    least_rating: Annotated[float, msgspec.Meta(ge=1, le=5)] = 5.0
    least_orders: Count = 2
    after_days: Days = 2.0


class Birthday(Message, frozen=True, kw_only=True):
    """lead_days: before the day."""

    offers: tuple[Id, ...] = (NEXT_BEST,)
    lead_days: Days = 0.0


class Quiet(SettingsStruct, frozen=True, kw_only=True):
    """No message in these hours of the customer's time zone; two equal times: no quiet hours."""

    from_: TimeOfDay = msgspec.field(default="21:00", name="from")
    until: TimeOfDay = "08:00"


class ContactBudget(SettingsStruct, frozen=True, kw_only=True):
    """contacts: at most so many in `days`, whatever the channel; gap_hours: between any two."""

    contacts: Count = 3
    days: Days = 7.0
    gap_hours: Hours = 20.0


class Delivery(SettingsStruct, frozen=True, kw_only=True):
    """Days from order to delivery; by_country: exceptions, by the country in events' context."""

    days: Days = 4.0
    by_country: dict[str, Days] = msgspec.field(default_factory=dict)


class Holds(SettingsStruct, frozen=True, kw_only=True):
    """For how many days promotion is held back after: an open ticket, a survey score at or below `bad_score`,
    a refund or cancellation."""

    ticket_days: Days = 14.0
    survey_days: Days = 30.0
    refund_days: Days = 7.0
    bad_score: Annotated[float, msgspec.Meta(ge=0, le=10)] = 6.0


class Settings(SettingsStruct, frozen=True, kw_only=True):
    """channels: those the shop uses, the preferred first. consent: `opt_in`, promotion goes to those who
    consented; `opt_out`, to all who did not refuse. products: at most so many in a message."""

    channels: Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1, max_length=6)] = ("email",)
    consent: Literal["opt_in", "opt_out"] = "opt_in"
    timezone: Annotated[str, msgspec.Meta(max_length=64)] = "UTC"
    products: Annotated[int, msgspec.Meta(ge=1, le=20)] = 4
    quiet: Quiet = Quiet()
    budget: ContactBudget = ContactBudget()
    delivery: Delivery = Delivery()
    holds: Holds = Holds()
    product_issue: Message = Message()
    delay: Message = Message()
    order_status: OrderStatus = OrderStatus()
    usage_tips: AfterOrder = AfterOrder(after_days=2.0)
    guides: Annotated[tuple[ProductGuide, ...], msgspec.Meta(max_length=1_000)] = ()
    welcome: Welcome = Welcome()
    abandoned_cart: AbandonedCart = AbandonedCart()
    abandoned_browse: AbandonedBrowse = AbandonedBrowse()
    reorder: Refills = Refills()
    restock: Message = Message(rest_days=7.0)
    back_in_stock: Watched = Watched()
    price_drop: PriceDrop = PriceDrop()
    win_back: WinBack = WinBack()
    review_request: AfterOrder = AfterOrder(rest_days=14.0)
    thank_you: ThankYou = ThankYou()
    onboarding: Onboarding = Onboarding()
    cross_sell: AfterOrder = AfterOrder(after_days=10.0, rest_days=30.0)
    tier_change: TierChange = TierChange()
    vip: Vip = Vip()
    referral: Referral = Referral()
    birthday: Birthday = Birthday()

    def message(self, kind: MessageKind) -> Message:
        """The settings of one kind of message."""
        message: Message = getattr(self, kind)
        return message


def contradictions(settings: Settings) -> list[str]:
    """What is wrong with these settings, and for each problem what to do; empty: nothing."""
    return [*_unknown_zone(settings), *_unordered_steps(settings)]


def unknown_offers(settings: Settings, offers: Set[str]) -> list[str]:
    """A warning for each offer that a message names and the catalogue does not have."""
    return [
        f"`{kind}.offers` names `{offer}`, which is not in the offer catalogue: a message would promise what "
        "nothing here knows. Add it with PUT /v1/offers/catalogue, or name another."
        for kind in sorted(MESSAGE_KINDS)
        for offer in dict.fromkeys(settings.message(kind).offers)
        if offer not in offers and offer not in (NEXT_BEST, NO_OFFER)
    ]


def zone_of(name: str | None) -> ZoneInfo | None:
    """A time zone by its name in the IANA list, or None."""
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, OSError, ValueError):  # of no such zone, a folder, a path
        return None


def _unknown_zone(settings: Settings) -> Iterator[str]:
    if zone_of(settings.timezone) is None:
        yield f"`timezone` {settings.timezone!r} is not known: use a name like `Europe/Berlin`."


def _unordered_steps(settings: Settings) -> Iterator[str]:
    for kind in MESSAGE_KINDS:
        for name in ("after_hours", "after_days"):
            steps = getattr(settings.message(kind), name, 0)
            if isinstance(steps, tuple) and any(b <= a for a, b in pairwise(steps)):
                yield f"`{kind}.{name}` must rise from step to step."
