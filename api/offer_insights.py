"""The offers' report with what its budgets hold at this moment."""

from __future__ import annotations

import msgspec

from api.answers import encode
from api.service import Service
from features.connection import StoreUnavailable
from features.decisions import read_spent
from features.reports.shape import Report, Table, table

COLUMNS = ("budget", "budget_amount", "budget_spent", "budget_left", "budget_price", "budget_until")


async def with_budgets(service: Service, report: bytes) -> bytes:
    """report: JSON of `Report`; as it is where there are no budgets, or the store is away."""
    try:
        spent = await read_spent(service.store)
    except StoreUnavailable:
        return report
    if not service.offers.budgets:
        return report
    found = msgspec.json.decode(report, type=Report)
    first, *others = found.parts
    shown = msgspec.structs.replace(first, tables=[_budgets(service, spent), *first.tables])
    return encode(msgspec.structs.replace(found, parts=[shown, *others]))


def _budgets(service: Service, spent: dict[str, float]) -> Table:
    prices, rows = service.offer_prices.standing, []
    for each in service.offers.budgets:
        used = spent.get(each.id, 0.0)
        until = each.until.date().isoformat() if each.until else None
        rows.append([each.id, each.amount, used, each.amount - used, prices.get(each.id), until])
    text = "As of now. A price of 0: there is enough for everybody whom an offer pays for."
    return table("budgets", "Budgets", COLUMNS, rows, None, text)
