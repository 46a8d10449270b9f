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
    """In their order; none where a model serves and pages have shown its answers: all of it is done, and
    looking through a large catalogue takes seconds. Raises Refused."""
    models = (await console.get("/v1/models"))["models"]
    told = (await report(console, "recommendations", days=365))["parts"]
    if models and any(figures(part)["shown"]["value"] for part in told):
        return []
    health = await console.get("/v1/catalogue/health")
    imports = (await console.get("/v1/imports"))["imports"]
    keys = (await console.get("/v1/keys"))["keys"]
    events = (await console.get("/v1/events", last=1))["events"]
    has_orders = health["orders_until"] or any(each["kind"] == "orders" for each in imports)
    offered, missing = health["offered"], health["missing"]
    lacking = max(missing[name]["products"] if name in missing else 0 for name in ("title", "price"))
    steps = [
        Step("orders", "/console/data", bool(has_orders)),
        Step("catalogue", "/console/data", offered > 0),
        Step("check", "/console/data", offered > 0 and lacking <= (1 - MOSTLY) * offered),
        Step("train", "/console/service", bool(models)),
        Step("keys", "/console/service", any(_is_for_pages(key) for key in keys)),
        Step("snippet", "", bool(events or health["live"]["named"])),
    ]
    return [] if all(step.is_done for step in steps) else steps


def _is_for_pages(key: dict[str, Any]) -> bool:
    return bool(key["scope"] == "public" and key["name"] != "demo")
