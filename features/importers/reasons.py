"""Why a line is set aside: a closed set of reasons, each with what to do about it."""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from features.importers.date_texts import KNOWN


class RejectReason(StrEnum):
    """What the rejects file and the summary say of lines that were not taken."""

    TOTALS = "A line of totals, not an order: nothing to do"
    SURPLUS_CELLS = "More cells than the header has: put quotes around text that contains the delimiter"
    DUPLICATE = "Exact duplicate of an earlier line: nothing to do, it was taken once"
    BAD_DEBT = "Bookkeeping entry for bad debt, not an order: nothing to do"
    ADJUSTMENT = "Stock adjustment, not an order (no customer, no price): nothing to do"
    INVALID_EVENT = "Not a valid event: correct it as said in brackets"
    UNKNOWN_EVENT = "Unknown event type: use one of the names in the documentation"
    VOID = "Voided, cancelled, failed or a draft: never counts, nothing to do"
    UNPAID = "Not paid yet: nothing to do, a later export that says it was paid brings it"
    NO_ORDER = "Order number missing: fill it in"
    NO_PRODUCT = "Product id (SKU) missing: fill it in"
    NAMELESS = "Neither a customer's id nor an e-mail address nor a number: say whose row this is"
    BAD_CONSENT = "Neither yes nor no to messages: write yes or no"
    NO_CUSTOMER = "Neither customer, visitor nor session: say whose event this is"
    BAD_ID = "An id is longer than 512 characters or holds control characters: shorten or clean it"
    BAD_QUANTITY = "Quantity missing, 0, not a number or above ten million: correct it"
    BAD_PRICE = "Price is not a number or above a thousand million: correct it"
    NEGATIVE_PRICE = "Negative price: enter a refund as a negative quantity instead"
    TAKEN_OFF = "Negative price: taken as a discount of its order, nothing to do"
    TOO_MUCH = "Worth more than PERENNIAL_LARGEST_ORDER: correct it, or raise the setting if it is true"
    BAD_TIME = f"Date missing or not in the format of the other lines: write it like them, as one of {KNOWN}"
    TIME_OUT_OF_RANGE = "Date before 1990 or in the future: correct it"
    REPEATED_PRODUCT = "The same product stands earlier in this file: nothing to do, the first was taken"
    NO_CHANNEL = "Channel missing: fill it in"
    BAD_SPEND = "Spending missing, negative, not a number or above a thousand million: correct it"
    NO_CURRENCY = "Currency missing: fill it in"
    BAD_RATE = "Rate missing, not a number or not above 0: correct it"
    NO_OFFER = "A picture or option row without product id (SKU): nothing to do if it is only a picture"
    ERASED = "Of somebody who was erased: nothing to do, and not repeated in the file of rejects"
    ORDER_ALONE = "A row about its order alone, whose products stand in other rows: nothing to do"
    PART_OF_LINE = "Part of a configured product, whose own line has the price: nothing to do"
    OTHER_EVENT = "An event that names no product, order or customer (a page view, say): nothing to do"
    REPEATED = "The same event or order stands earlier in this file: nothing to do, the first was taken"


def first_reason(rules: Mapping[RejectReason, pl.Expr]) -> pl.Expr:
    """The reason of the first rule that is true of a row; null where none is."""
    numbers = pl.coalesce(pl.when(rule).then(pl.lit(n, pl.UInt8)) for n, rule in enumerate(rules.values()))
    return numbers.replace_strict(
        list(range(len(rules))), [reason.value for reason in rules], return_dtype=pl.String
    )
