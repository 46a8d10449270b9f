"""What others call our events: Segment and its kin, GA4, Shopify's pixel and webhooks, Klaviyo, data sets."""

import re

from features.events.vocabulary import EVENT_TYPES

FOREIGN_NAMES: dict[str, tuple[str, ...]] = {
    "view": (
        "Product Viewed",
        "Viewed Product",
        "view_item",
        "product_view",
        "detail_view",
        "pageview_product",
    ),
    "impression": ("Product List Viewed", "view_item_list", "collection_viewed", "product_impression"),
    "click": ("Product Clicked", "select_item", "product_click"),
    "search": ("Products Searched", "search_submitted", "view_search_results"),
    "add_to_cart": (
        "Product Added",
        "Added to Cart",
        "product_added_to_cart",
        "cart",
        "addtocart",
        "carts/update",
    ),
    "remove_from_cart": ("Product Removed", "product_removed_from_cart", "removefromcart"),
    "checkout": ("Checkout Started", "Started Checkout", "begin_checkout", "checkouts/create"),
    "purchase": (
        "Order Completed",
        "Completed Order",
        "Placed Order",
        "checkout_completed",
        "orders/create",
        "order.created",
        "transaction",
        "order",
        "bought",
        "buy",
    ),
    "refund": ("Order Refunded", "Refunded Order", "refunds/create"),
    "cancel": ("Order Cancelled", "Order Canceled", "Cancelled Order", "orders/cancelled"),
    "review": ("Product Reviewed", "review_submitted"),
    "wishlist": ("Product Added to Wishlist", "add_to_wishlist"),
    "coupon": ("Coupon Applied",),
    "identify": ("customers/create", "customer.created"),
}
UNRELATED = (
    "page",
    "page_view",
    "pageview",
    "page_viewed",
    "screen",
    "screen_view",
    "session_start",
    "first_visit",
    "user_engagement",
    "scroll",
    "click_outbound",
    "file_download",
    "form_start",
    "form_submit",
    "video_start",
    "video_progress",
    "video_complete",
    "view_cart",
    "cart_viewed",
    "add_shipping_info",
    "add_payment_info",
    "view_promotion",
    "select_promotion",
    "group",
    "alias",
    "login",
    "sign_up",
    "share",
    "application_opened",
)
"""Events that say nothing of products, orders and customers."""


def our_name(name: str) -> str | None:
    """One of EVENT_TYPES for a name of ours or others, without case and punctuation; None for any other."""
    return _OURS.get(_plain(name))


def is_unrelated(name: str) -> bool:
    """Whether an event of this name is nothing to us."""
    return _plain(name) in _UNRELATED


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_OURS = {_plain(name): ours for ours in EVENT_TYPES for name in (ours, *FOREIGN_NAMES.get(ours, ()))}
_UNRELATED = frozenset(map(_plain, UNRELATED))
