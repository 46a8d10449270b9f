"""What anybody would see, and why: any customer, product, or a visit that is made up."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.console.forms import given
from api.console.own_api import Refused
from api.console.page import Console, Viewer
from recommender.context.request import PLACEMENTS

PAGE: Final = "/console/try-it"
SHOWN: Final = 6  # products of an answer
FOUND: Final = 8
MOST_NAMED: Final = 40  # products by their title
PAGE_OF_PRODUCT: Final = ("product_similar", "product_complements", "upgrade")
NEEDS_CART: Final = ("cart", "post_purchase")
NEEDS_CUSTOMER: Final = ("buy_again", "next_order", "email")
NOBODY: Final = "made-up-visit"  # in the decision about an offer
router = APIRouter()


@dataclass(frozen=True)
class Visit:
    """Who is asked for, and what they do; lists are ids between commas."""

    customer: str = ""
    product: str = ""
    viewed: str = ""
    cart: str = ""
    country: str = ""

    @property
    def is_empty(self) -> bool:
        return not any((self.customer, self.product, self.viewed, self.cart, self.country))

    def placements(self, *, has_cart: bool) -> list[str]:
        """Those that have an answer to this visit."""
        without: list[str] = []
        without += () if self.product else PAGE_OF_PRODUCT
        without += () if has_cart else NEEDS_CART
        without += () if self.customer else NEEDS_CUSTOMER
        return [each for each in PLACEMENTS if each not in without]

    def ask(self, placement: str, language: str) -> dict[str, Any]:
        """The question of one placement."""
        who = {"customer_id": self.customer, "product_id": self.product, "cart": ids(self.cart)}
        return given({"placement": placement, **who, "country": self.country, "language": language})


def ids(text: str) -> list[str]:
    """Ids between commas."""
    return [each.strip() for each in text.split(",") if each.strip()]


def visit_of(request: Request) -> Visit:
    """As the page's address says it."""
    return Visit(**{each.name: request.query_params.get(each.name, "").strip() for each in fields(Visit)})


@router.get(PAGE)
async def try_it(console: Viewer) -> Response:
    visit = visit_of(console.request)
    if visit.is_empty:
        return console.render("try_it.html", visit=visit, shown=None)
    profile = await _profile(console, visit.customer) if visit.customer else None
    product = await _product(console, visit.product) if visit.product else None
    has_cart = bool(visit.cart or (profile and profile["cart"]))
    answers, offer = await asyncio.gather(
        _answers(console, visit, visit.placements(has_cart=has_cart)), _offer(console, visit)
    )
    titles = await _titles(console, _named(profile, visit, offer))
    return console.render(
        "try_it.html",
        visit=visit,
        shown=answers,
        profile=profile,
        product=product,
        offer=offer,
        titles=titles,
    )


@router.get(f"{PAGE}/search")
async def search(console: Viewer) -> Response:
    query = console.request.query_params.get("q", "").strip()
    if not query:
        return console.render("try_it/found.html", query_text="", customers=[], products=[])
    customers = await console.get("/v1/customer-search", q=query, limit=FOUND)
    products = await console.get("/v1/products", q=query, limit=FOUND)
    return console.render("try_it/found.html", query_text=query, **customers, **products)


@router.get(f"{PAGE}/why-not")
async def why_not(console: Viewer) -> Response:
    """Of the first product that the words find."""
    wanted = console.request.query_params
    found = (await console.get("/v1/products", q=wanted.get("q", ""), limit=1))["products"]
    if not found:
        return console.render("try_it/why_not.html", product=None, answer=None)
    visit = visit_of(console.request)
    asked = visit.ask(wanted.get("placement", "home"), console.language.locale.language)
    query = asked | {"product_id": found[0]["product_id"], "page_product_id": visit.product or None}
    query["cart"] = ",".join(ids(visit.cart)) or None
    answer = await console.get("/v1/recommendations/why-not", **query, k=SHOWN)
    return console.render("try_it/why_not.html", product=found[0], answer=answer)


async def _profile(console: Console, customer: str) -> dict[str, Any]:
    profile = await console.get("/v1/customers", customer_id=customer, **{"with": "orders,messages"})
    return {"latest_orders": [], "bought": [], "messages_due": [], **profile}


async def _product(console: Console, product: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await console.get(f"/v1/products/{product}")
    except Refused:
        return None
    return found


async def _answers(console: Console, visit: Visit, placements: Iterable[str]) -> list[dict[str, Any]]:
    language = console.language.locale.language
    requests = [{**visit.ask(each, language), "k": SHOWN} for each in placements]
    body = {"requests": requests, "viewed": ids(visit.viewed)}
    answers: list[dict[str, Any]] = (await console.post("/v1/recommendations/preview", body))["answers"]
    return answers


async def _offer(console: Console, visit: Visit) -> dict[str, Any]:
    who = {"customer_id": visit.customer} if visit.customer else {"anonymous_id": NOBODY}
    asked = given({**who, "cart": ids(visit.cart), "preview": True})
    offer: dict[str, Any] = await console.post("/v1/offers", asked)
    return offer


def _named(profile: Mapping[str, Any] | None, visit: Visit, offer: Mapping[str, Any]) -> list[str]:
    """Products that the page names by their title."""
    named = [*ids(visit.viewed), *ids(visit.cart), *offer.get("products", ())]
    if profile:
        named += [each["product_id"] for each in [*profile["reorders"], *profile["viewed"]]]
        named += (profile["cart"] or {}).get("products", ())
        named += [name for order in profile["latest_orders"] for name in order["products"]]
    return [*dict.fromkeys(named)][:MOST_NAMED]


async def _titles(console: Console, named: Iterable[str]) -> dict[str, str]:
    """Product id -> title, of those that have one."""
    found = [await _product(console, each) for each in named]
    return {each["product_id"]: each["title"] for each in found if each and each["title"]}
