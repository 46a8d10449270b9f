"""The offers' report with what its budgets hold at this moment."""

import msgspec

from api.serving.service import Service
from api.web.replies import encode
from features.insights.report import Report, Table, table
from features.outgoing.offer_decisions import read_spent
from features.store.connection import StoreUnavailable

BUDGET_COLUMNS = ("budget", "budget_amount", "budget_spent", "budget_left", "budget_price", "budget_until")
AS_OF_NOW = "As of now. A price of 0: there is enough for everybody whom an offer pays for."
AWAY = "Redis does not answer, so what is spent and left is unknown: load the page again in a moment."


async def with_budgets(service: Service, report: bytes) -> bytes:
    """Add a table of the budgets, where there are any. report: JSON of `Report`."""
    if not service.offers.budgets:
        return report
    try:
        spent = await read_spent(service.store)
    except StoreUnavailable:
        spent = None
    parsed = msgspec.json.decode(report, type=Report)
    first, *others = parsed.parts
    shown = msgspec.structs.replace(first, tables=[_budgets(service, spent), *first.tables])
    return encode(msgspec.structs.replace(parsed, parts=[shown, *others]))


def _budgets(service: Service, spent: dict[str, float] | None) -> Table:
    """spent: None while the store is away."""
    prices, rows = service.offer_prices.by_budget, []
    for each in service.offers.budgets:
        used = None if spent is None else spent.get(each.id, 0.0)
        left = None if used is None else each.amount - used
        until = each.until.date().isoformat() if each.until else None
        rows.append(
            [each.id, each.amount, used, left, prices[each.id].price if each.id in prices else None, until]
        )
    return table("budgets", "Budgets", BUDGET_COLUMNS, rows, None, AWAY if spent is None else AS_OF_NOW)
