"""The way of a new shop: what to do first, and what of it is done."""

from typing import Any, NamedTuple

from api.console.page import Console
from api.console.reports import figures, report

MOSTLY = 0.9  # of the products have a title and a price


class Step(NamedTuple):
    """One thing to do. name: of its text; address: where it is done; "": elsewhere, as the text says."""

    name: str
    address: str
    is_done: bool


async def first_steps(console: Console) -> list[Step]:
    """In their order. Raises Refused."""
    health = await console.get("/v1/catalogue/health")
    imports = (await console.get("/v1/imports"))["imports"]
    models = (await console.get("/v1/models"))["models"]
    keys = (await console.get("/v1/keys"))["keys"]
    events = (await console.get("/v1/events", last=1))["events"]
    told = (await report(console, "recommendations", days=365))["parts"]
    served = any(figures(part)["shown"]["value"] for part in told)
    offered, missing = health["offered"], health["missing"]
    lacking = max(missing[name]["products"] if name in missing else 0 for name in ("title", "price"))
    return [
        Step(
            "orders",
            "/console/data",
            bool(health["orders_until"] or any(each["kind"] == "orders" for each in imports)),
        ),
        Step("catalogue", "/console/data", offered > 0),
        Step("check", "/console/data", offered > 0 and lacking <= (1 - MOSTLY) * offered),
        Step("train", "/console/service", bool(models)),
        Step("keys", "/console/service", any(_is_for_pages(key) for key in keys)),
        Step("snippet", "", bool(events or served or health["live"]["named"])),
    ]


def _is_for_pages(key: dict[str, Any]) -> bool:
    return bool(key["scope"] == "public" and key["name"] != "demo")
