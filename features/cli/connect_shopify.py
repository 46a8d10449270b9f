"""`perennial connect shopify`: secrets in, what to click and paste out; what arrived; orders of before."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from features.cli.connect_steps import (
    NotConnected,
    check_arrivals,
    key_of,
    secrets_in,
    settings_of,
    take_history,
)
from features.cli.options import DEFAULT_HOME, HomeOption, plain_errors
from features.connections.settings_file import DamagedConnections, Settings, read_connections, save_connection
from features.connections.shopify_api import ShopifyApi, ShopifyRefused
from features.connections.shopify_history import fetch_history, history_file
from features.home import Home
from features.store.redis_server import RedisServerError

SERVICE = "shopify"
SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
PIXEL = Path(__file__).parents[1] / "connections" / "shopify_pixel.js"
CLICKS = {
    "Order creation": "orders/create",
    "Order payment": "orders/paid",
    "Order update": "orders/updated",
    "Order cancellation": "orders/cancelled",
    "Refund create": "refunds/create",
    "Fulfillment creation": "fulfillments/create",
    "Product creation": "products/create",
    "Product update": "products/update",
    "Product deletion": "products/delete",
    "Customer creation": "customers/create",
    "Customer update": "customers/update",
}
"""The events of Settings > Notifications > Webhooks that a shop needs, and their topics."""
NEXT = """
1. Settings > Notifications > Webhooks > Create webhook, format JSON, URL {url}/v1/webhooks/shopify,
   one for each of these events: {events}.
2. Settings > Customer events > Add custom pixel, permission Analytics, and paste:

{pixel}
3. `perennial connect shopify --check` says what arrives. Each webhook has "Send test".
4. `perennial connect shopify --history` takes in the orders of before; it needs a token."""
SECRET, TOKEN = "PERENNIAL_SHOPIFY_SECRET", "PERENNIAL_SHOPIFY_TOKEN"


def connect_shopify(  # noqa: PLR0913, PLR0917 - an option an argument
    home: HomeOption = DEFAULT_HOME,
    shop: Annotated[str, typer.Option(help="teashop.myshopify.com; asked for if absent.")] = "",
    url: Annotated[str, typer.Option(help="Where Shopify reaches this service: https://...")] = "",
    key: Annotated[str, typer.Option(help="The public key (pk_...) for the pixel.")] = "pk_...",
    check: Annotated[bool, typer.Option(help="Wait for the first webhooks; say what came.")] = False,
    within_s: Annotated[float, typer.Option(help="With --check: how long to wait.")] = 120.0,
    history: Annotated[bool, typer.Option(help="Take in all orders of before; needs a token.")] = False,
    erase_on_redact: Annotated[
        bool, typer.Option(help="Erase all customers when Shopify asks (shop/redact).")
    ] = False,
) -> None:
    """Connect a shop at Shopify: webhooks, pixel, orders of before.

    Secrets are asked for, or read of PERENNIAL_SHOPIFY_SECRET (two, with a comma between, while one replaces
    the other) and PERENNIAL_SHOPIFY_TOKEN.
    """
    with plain_errors(NotConnected, DamagedConnections, RedisServerError, ShopifyRefused, OSError):
        if check:
            _settings(Home(home))
            check_arrivals(Home(home), SERVICE, CLICKS, within_s)
        elif history:
            _take_history(Home(home))
        else:
            _connect(Home(home), shop, erase_on_redact=erase_on_redact)
            shown = url.rstrip("/") or "https://YOUR-SERVICE"
            print(NEXT.format(url=shown, events=", ".join(CLICKS), pixel=pixel(shown, key)))


def _connect(home: Home, shop: str, *, erase_on_redact: bool) -> None:
    before = read_connections(home).get(SERVICE, {})
    domain = (shop or typer.prompt("The shop's domain (teashop.myshopify.com)")).strip().lower()
    domain = domain.removeprefix("https://").rstrip("/")
    if not SHOP.fullmatch(domain):
        raise typer.BadParameter("it is the domain that ends in .myshopify.com: Settings > Domains shows it")
    secrets = os.environ.get(SECRET) or typer.prompt(
        "The webhooks' secret (Settings > Notifications > Webhooks, at the bottom)", hide_input=True
    )
    token = os.environ.get(TOKEN) or before.get("token", "")
    told = {
        "shop": domain,
        "secrets": secrets_in(secrets),
        "token": token,
        "erase_on_redact": erase_on_redact,
    }
    save_connection(home, SERVICE, {**before, **told})
    print(f"{domain} is connected. In its admin:")


def pixel(url: str, key: str) -> str:
    """The code of the pixel, of this service and key."""
    return PIXEL.read_text("utf-8").replace("{{endpoint}}", url).replace("{{key}}", key)


def _take_history(home: Home) -> None:
    settings = _settings(home)
    token = key_of(settings, "token", TOKEN, "a token with read_orders and read_all_orders")
    api = ShopifyApi(settings["shop"], token, settings.get("api"))
    take_history(home, history_file(home), "shopify", partial(fetch_history, home, api))


def _settings(home: Home) -> Settings:
    return settings_of(home, SERVICE, "Shopify")
