"""What an agent may ask of a shop: tools of the Model Context Protocol over our own HTTP interface.

Every call carries the agent's own key, so that rights and limits are those of the interface:
https://modelcontextprotocol.io/specification, with its official Python SDK.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Literal
from urllib.parse import quote

import httpx2
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

from features.insights.report_files import INSIGHTS

Answer = dict[str, Any]
Part = Literal["picks", "orders"]
READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
DECIDES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True)
NO_KEY = "Send a key of the shop as `Authorization: Bearer sk_...` (or pk_...)."
UNSAYABLE = "This cannot be asked: the ids are too long together, or ids or key hold what is no text."
INSTRUCTIONS = """An online shop's recommendations and figures, by its own model. Ids are the shop's own.
`recommend` needs a placement; `customer`, `offers` and `figures` need a secret key. Every product comes with
a reason: give that one, and make none up."""

LONGEST_ID = 512
Id = Annotated[str, Field(max_length=LONGEST_ID)]
Customer = Annotated[str, Field(description="The shop's id of the customer.", max_length=LONGEST_ID)]
Product = Annotated[str, Field(description="The shop's id of the product.", max_length=LONGEST_ID)]
Cart = Annotated[Sequence[Id], Field(description="Product ids in the cart.", max_length=200)]
Number = Annotated[int, Field(description="How many, at most.", ge=1, le=20)]
Language = Annotated[str | None, Field(description="Of reasons, like `de`; else the shop's.")]


class Shop:
    """The tools over one served shop. key: sent where a call brings none of its own (None: it must)."""

    def __init__(self, url: str, key: str | None) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=30)
        self._key = key

    async def recommend(
        self,
        context: Context,
        placement: Literal["home", "next_order", "cart", "buy_again", "post_purchase", "trending", "new"],
        customer_id: Customer | None = None,
        cart: Cart = (),
        k: Number = 8,
        language: Language = None,
    ) -> Answer:
        """Products for a customer, or for anybody: `next_order` what they buy next, `buy_again` what runs
        out, `cart` what completes a cart, `trending` and `new` for everyone."""
        asked = {"placement": placement, "customer_id": customer_id, "cart": cart, "k": k}
        return await self._ask(context, "/v1/recommendations", {**asked, "language": language})

    async def similar(
        self, context: Context, product_id: Product, k: Number = 8, language: Language = None
    ) -> Answer:
        """Products that can stand in for one, nearest first."""
        asked = {"placement": "product_similar", "product_id": product_id, "k": k, "language": language}
        return await self._ask(context, "/v1/recommendations", asked)

    async def complements(
        self, context: Context, product_id: Product, k: Number = 8, language: Language = None
    ) -> Answer:
        """Products that are bought together with one."""
        asked = {"placement": "product_complements", "product_id": product_id, "k": k, "language": language}
        return await self._ask(context, "/v1/recommendations", asked)

    async def bundles(
        self,
        context: Context,
        product_id: Product | None = None,
        cart: Cart = (),
        k: Number = 3,
    ) -> Answer:
        """Sets of products at one price: with a product, going on from a cart, or the shop's best."""
        return await self._ask(context, "/v1/bundles", {"product_id": product_id, "cart": cart, "k": k})

    async def offers(self, context: Context, customer_id: Customer, cart: Cart = ()) -> Answer:
        """The next best offer for a customer, or none, and why. It is decided and counted: asked again while
        it is valid, it is the same one. Needs a secret key."""
        return await self._ask(context, "/v1/offers", body={"customer_id": customer_id, "cart": [*cart]})

    async def customer(
        self,
        context: Context,
        customer_id: Customer,
        parts: Annotated[Sequence[Part], Field(description="What else to tell.")] = (),
    ) -> Answer:
        """What is known and expected of a customer: orders, value, segment, next order date, reorders, cart,
        tickets. Needs a secret key."""
        return await self._ask(context, "/v1/customers", {"customer_id": customer_id, "with": parts})

    async def figures(
        self,
        context: Context,
        report: Annotated[str, Field(json_schema_extra={"enum": list(INSIGHTS)})] = "kpi",
    ) -> Answer:
        """The shop's figures with their definitions. Needs a secret key."""
        return await self._ask(context, f"/v1/insights/{quote(report, safe='')}")

    async def _ask(
        self, context: Context, path: str, query: Mapping[str, Any] | None = None, body: Answer | None = None
    ) -> Answer:
        """The answer to a question, posted where it has a body. Raises ToolError with what the interface says
        is wrong."""
        sent = (context.headers or {}).get("authorization") or (f"Bearer {self._key}" if self._key else None)
        if sent is None:
            raise ToolError(NO_KEY)
        try:
            answer = await self._client.request(
                "POST" if body else "GET",
                path,
                params=_as_text(query or {}),
                json=body,
                headers={"Authorization": sent},
            )
            told = answer.json()
        except (httpx2.InvalidURL, httpx2.LocalProtocolError, UnicodeError) as error:
            raise ToolError(UNSAYABLE) from error
        except httpx2.RequestError as error:
            raise ToolError(f"The shop's service does not answer ({type(error).__name__}).") from error
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ToolError(f"What answers at --url ({answer.status_code}) is not the shop's service.")
        if answer.is_error:
            raise ToolError(str(told.get("detail", told)))
        return told


def _as_text(query: Mapping[str, Any]) -> dict[str, str]:
    """Lists are separated by commas; what is empty is not said."""
    return {
        name: str(value) if isinstance(value, str | int) else ",".join(value)
        for name, value in query.items()
        if value
    }


def server_of(url: str, key: str | None) -> MCPServer:
    """The tools as a server. url: of the HTTP interface; key: see `Shop`."""
    server, shop = (
        MCPServer("perennial", instructions=INSTRUCTIONS, version=version("perennial")),
        Shop(url, key),
    )
    for tool in (shop.recommend, shop.similar, shop.complements, shop.bundles, shop.customer, shop.figures):
        server.add_tool(tool, annotations=READS)
    server.add_tool(shop.offers, annotations=DECIDES)
    return server
