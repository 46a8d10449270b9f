"""`perennial connect woocommerce`: secrets in, what to click out; what arrived; orders of before."""

from __future__ import annotations

import os
import secrets as random_secrets
from functools import partial
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
from features.connections.patience import ServiceAway
from features.connections.settings_file import DamagedConnections, Settings, read_connections, save_connection
from features.connections.woocommerce import host_of
from features.connections.woocommerce_history import WooApi, fetch_history, history_file
from features.home import Home
from features.store.redis_server import RedisServerError

SERVICE = "woocommerce"
SECRET, KEY = "PERENNIAL_WOOCOMMERCE_SECRET", "PERENNIAL_WOOCOMMERCE_KEY"
CLICKS = {
    "Order created": "order.created",
    "Order updated": "order.updated",
    "Product created": "product.created",
    "Product updated": "product.updated",
    "Product deleted": "product.deleted",
    "Customer created": "customer.created",
    "Customer updated": "customer.updated",
}
NEXT = """{site} is connected. With our plugin (docs/connect/woocommerce.md) paste in WooCommerce > Perennial:

  Address         {url}
  Public key      one of `perennial keys create public`
  Secret key      one of `perennial keys create secret`
  Webhook secret  {secret}

It makes the webhooks itself. Without it: WooCommerce > Settings > Advanced > Webhooks > Add webhook, status
Active, this secret, delivery URL {url}/v1/webhooks/woocommerce, one for each of these topics:
{topics}.

`perennial connect woocommerce --check` says what arrives; `--history` takes in the orders of before with a
key of WooCommerce > Settings > Advanced > REST API in {key}."""


def connect_woocommerce(
    home: HomeOption = DEFAULT_HOME,
    site: Annotated[str, typer.Option(help="https://shop.example; asked for if absent.")] = "",
    url: Annotated[str, typer.Option(help="Where the shop reaches this service: https://...")] = "",
    check: Annotated[bool, typer.Option(help="Wait for the first webhooks; say what came.")] = False,
    within_s: Annotated[float, typer.Option(help="With --check: how long to wait.")] = 120.0,
    history: Annotated[bool, typer.Option(help="Take in all orders of before; needs a key.")] = False,
) -> None:
    """Connect a shop at WooCommerce: webhooks, plugin, orders of before.

    The webhooks' secret is made here, or read of PERENNIAL_WOOCOMMERCE_SECRET (two, with a comma between,
    while one replaces the other); the key for --history of PERENNIAL_WOOCOMMERCE_KEY ("ck_...:cs_...").
    """
    with plain_errors(NotConnected, DamagedConnections, RedisServerError, ServiceAway, OSError):
        if check:
            _settings(Home(home))
            check_arrivals(Home(home), SERVICE, CLICKS, within_s)
        elif history:
            _take_history(Home(home))
        else:
            _connect(Home(home), site, url.rstrip("/") or "https://YOUR-SERVICE")


def _connect(home: Home, site: str, url: str) -> None:
    before = read_connections(home).get(SERVICE, {})
    address = (site or typer.prompt("The shop's address (https://shop.example)")).strip().rstrip("/")
    if not address.startswith(("https://", "http://")):
        raise typer.BadParameter("the shop's address begins with https://")
    kept = (
        secrets_in(os.environ.get(SECRET, "")) or before.get("secrets") or [random_secrets.token_urlsafe(32)]
    )
    settings = {**before, "site": address, "shop": host_of(address), "secrets": kept}
    save_connection(home, SERVICE, settings | ({"key": os.environ[KEY]} if KEY in os.environ else {}))
    topics = ", ".join(CLICKS)
    print(NEXT.format(site=address, url=url, secret=kept[-1], topics=topics, key=KEY))


def _take_history(home: Home) -> None:
    settings = _settings(home)
    key = key_of(settings, "key", KEY, "a REST key that may read (ck_...:cs_...)")
    api = WooApi(settings["site"], key)
    take_history(home, history_file(home), "woo-advanced", partial(fetch_history, home, api))


def _settings(home: Home) -> Settings:
    return settings_of(home, SERVICE, "WooCommerce")
