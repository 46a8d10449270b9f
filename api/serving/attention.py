"""What needs the owner's attention now: what the worker saw last, and what this process knows."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from api.schemas.attention import AttentionAnswer
from api.serving.service import Service
from features.insights.attention import Attention, AttentionReport, read_attention
from features.insights.days import ShopDays, read_days
from features.insights.periods import ONE_DAY, Period
from features.insights.recommendation_days import read_recommendation_days
from features.insights.report import Report
from features.insights.report_files import read_report
from features.merchant.versioned_settings import EXPERIMENTS
from features.outgoing.offer_decisions import read_spent
from features.store.connection import StoreUnavailable
from recommender.experiments.plan import Experiments

DECIDED = ("better", "worse", "no_matter")
USUAL_DAYS, SILENT_DAYS = 28, 3
NEARLY_SPENT = 0.9
LEAST_AGREED, FEWEST_CUSTOMERS = 0.05, 20
OLD = timedelta(days=3)


async def attention(service: Service) -> AttentionAnswer:
    """Of two of one kind about the same, the first counts: what is so now, not what the worker saw."""
    seen, of_files = await asyncio.to_thread(_from_files, service)
    items = [*_serving(service), *await _budgets(service), *of_files, *await _experiments(service)]
    items += seen.items if seen else []
    by_key = {(each.code, each.about): each for each in reversed(items)}
    kept = [each for each in items if by_key[each.code, each.about] is each]
    return AttentionAnswer(sorted(kept, key=lambda each: each.news), seen.looked_at if seen else None)


def _serving(service: Service) -> Iterator[Attention]:
    if service.model_problem:
        remedy = "perennial train; the model of before serves on"
        yield Attention("model_refused", service.model_problem, remedy)
    elif service.recommender is None:
        yield Attention("model", "none", "perennial import orders FILE, then perennial train")
    for name, state in service.parts().items():
        if state.failing:
            code = "training" if name == "training" else "part"
            remedy = "Look into the log of the worker; what served before serves on"
            yield Attention(code, state.problem or "fails", remedy, None if code == "training" else name)
    is_demo = (service.home.root / "demo").exists()
    if not service.settings.cors_origins and not is_demo:
        remedy = "Set PERENNIAL_CORS_ORIGINS to the address of your shop, or its pages cannot ask"
        yield Attention("origins", "none", remedy)


async def _budgets(service: Service) -> list[Attention]:
    if not service.offers.budgets:
        return []
    try:
        spent = await read_spent(service.store)
    except StoreUnavailable:
        return [Attention("store", "Redis does not answer", "Start it, and look at its log")]
    shares = (
        (each, spent.get(each.id, 0.0) / each.amount if each.amount else 1.0)
        for each in service.offers.budgets
    )
    remedy = (
        "Raise it in the offers' catalogue, or let it end: offers from it are no longer made when it is spent"
    )
    return [
        Attention("budget_spent" if share >= 1 else "budget_low", f"{share:.0%} promised", remedy, each.id)
        for each, share in shares
        if share >= NEARLY_SPENT
    ]


def _from_files(service: Service) -> tuple[AttentionReport | None, list[Attention]]:
    days, shown = read_days(service.home), read_recommendation_days(service.home)
    items = [*_orders(days), *_consent(days)] if days and days.parts else []
    if shown is not None and not shown.days:
        items.append(Attention("nothing_shown", "no answer yet", "Put the widget on a page of your shop"))
    elif shown is not None:
        items += [
            Attention("not_named", note, "See docs/widget.md: clicks and orders") for note in shown.notes
        ]
    return read_attention(service.home), items


def _orders(days: ShopDays) -> Iterator[Attention]:
    """Whether orders stopped coming in, where there was one a day at least; or figures are old."""
    today = datetime.now(UTC).date()
    if today - days.as_of > OLD:
        saw = f"the newest are of {days.as_of}"
        yield Attention("old_figures", saw, "Let orders come in, and a worker run (`perennial serve`)")
        return
    silent = Period(days.whole - (SILENT_DAYS - 1) * ONE_DAY, days.whole)
    before = Period(silent.first - USUAL_DAYS * ONE_DAY, silent.first - ONE_DAY)
    lately, usually = (sum(part.of(each).orders for part in days.parts) for each in (silent, before))
    if not lately and usually >= USUAL_DAYS:
        saw = f"none for {SILENT_DAYS} days, {usually / USUAL_DAYS:.0f} a day before"
        yield Attention("no_orders", saw, "Look whether your shop still sends them: perennial connect list")


def _consent(days: ShopDays) -> Iterator[Attention]:
    customers = sum(part.until(days.as_of).customers for part in days.parts)
    if customers >= FEWEST_CUSTOMERS and days.agreed < LEAST_AGREED * customers:
        saw = f"{days.agreed:,} of {customers:,} customers agreed to e-mails"
        remedy = "Send `consent` events, or import a file with them: others are not written to"
        yield Attention("consent", saw, remedy)


async def _experiments(service: Service) -> list[Attention]:
    """Those that run and are decided, by the last report."""
    content = await asyncio.to_thread(read_report, service.home, "experiments")
    if content is None:
        return []
    try:
        plans = msgspec.json.decode((await EXPERIMENTS.current(service.store)).settings, type=Experiments)
    except (StoreUnavailable, msgspec.DecodeError):
        return []
    report, now = msgspec.json.decode(content, type=Report), datetime.now(UTC)
    tables = {each.name: each for part in report.parts[:1] for each in part.tables}
    return [
        Attention(
            "experiment_decided",
            tables[plan.id].text,
            "Keep the better arm, and end the experiment",
            plan.id,
            True,
        )
        for plan in plans
        if plan.runs(now) and f"{plan.id}:arms" in tables
        if any(row[-1] in DECIDED for row in tables[f"{plan.id}:arms"].rows)
    ]
