"""The services that send webhooks, by the name in `/v1/webhooks/{service}` and in connections.json."""

from collections.abc import Mapping

from features.connections.shopify import SHOPIFY
from features.connections.webhook import WebhookService
from features.connections.woocommerce import WOOCOMMERCE

WEBHOOK_SERVICES: Mapping[str, WebhookService] = {"shopify": SHOPIFY, "woocommerce": WOOCOMMERCE}
