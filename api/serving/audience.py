"""Whom to tell of a product: the likeliest buyers who may be told, by what they said last."""

import asyncio
import time
from collections.abc import Sequence

from api.schemas.audience import AudienceAnswer, AudienceAsk, LikelyCustomer, LikelyReason
from api.serving.service import Service
from features.events.consents import ALL_CHANNELS, PROFILING
from features.live.customer_facts import CustomerState, parse_facts
from features.live.shopper_state import ShopperLog
from features.store import keys
from features.time_units import DAY_S
from recommender.likely_buyers import Likely, likely_buyers, reason
from recommender.recommend import Recommender

NO_PROFILES = f"consent:{PROFILING}"
READ_AT_ONCE = 500  # customers' consents, in one round trip


async def audience(service: Service, ask: AudienceAsk, recommender: Recommender) -> AudienceAnswer:
    """Raises StoreUnavailable where consents count and cannot be read."""
    bundle = recommender.bundle
    known = {name: bundle.tables.products.row(name) for name in dict.fromkeys(ask.products)}
    items = [row for row in known.values() if row >= 0]
    today = int(time.time() // DAY_S)
    likely = await asyncio.to_thread(likely_buyers, bundle, items, today, buyers=ask.buyers)
    chosen: list[LikelyCustomer] = []
    refused = bought = 0
    for start in range(0, len(likely.customers), READ_AT_ONCE):
        page = _page(service, recommender, likely, slice(start, start + READ_AT_ONCE), ask)
        names = [name for name, _ in page]
        may = await _may_be_told(service, recommender, names, ask)
        since = await _bought_since(service, recommender, names, items)
        for (name, position), allowed, has_bought in zip(page, may, since, strict=True):
            refused += not allowed
            bought += allowed and has_bought
            if allowed and not has_bought:
                row = int(likely.customers[position])
                why = LikelyReason(*reason(bundle, row, likely.parts[position], items))
                chosen.append(LikelyCustomer(name, round(float(likely.scores[position]), 6), why))
            if len(chosen) == ask.k:
                break
        if len(chosen) == ask.k:
            break
    unknown = [name for name, row in known.items() if row < 0]
    return AudienceAnswer(bundle.manifest.version, chosen, refused, unknown, bought)


def _page(
    service: Service, recommender: Recommender, likely: Likely, page: slice, ask: AudienceAsk
) -> list[tuple[str, int]]:
    """(customer, position in `likely`) of those who are still somebody, of the countries asked for."""
    tables = recommender.bundle.tables
    countries, people = set(map(str.casefold, ask.countries)), tables.people
    found = []
    for position, row in enumerate(likely.customers[page].tolist(), page.start):
        country = people.facts.word(people.facts.country, row) if people else None
        name = tables.customers.name(row)
        if service.customer(name) == name and (not countries or (country or "").casefold() in countries):
            found.append((name, position))
    return found


async def _bought_since(
    service: Service, recommender: Recommender, names: Sequence[str], items: Sequence[int]
) -> list[bool]:
    """Whether each customer has bought one of the products since the model was trained."""
    rows, until_ms = recommender.bundle.tables.products.rows, recommender.bundle.manifest.data_until_ms
    replies = [service.batch.send("LRANGE", keys.shopper_log(name, identified=True), 0, -1) for name in names]
    fresh = [ShopperLog.of(await reply).fold().purchased_since(until_ms) for reply in replies]
    return [any(not set(items).isdisjoint(rows(each.product_ids)) for each in orders) for orders in fresh]


async def _may_be_told(
    service: Service, recommender: Recommender, names: Sequence[str], ask: AudienceAsk
) -> list[bool]:
    """Of each customer: by the last word of the store, else of the history (e-mail alone). Nobody who said no
    to profiling, whatever they said to messages."""
    told = (f"consent:{ask.channel}", f"consent:{ALL_CHANNELS}", NO_PROFILES)
    replies = [
        service.batch.send("HMGET", keys.customer_facts(name, identified=True), *told) for name in names
    ]
    people, row = recommender.bundle.tables.people, recommender.bundle.tables.customers.row
    may = []
    for name, reply in zip(names, replies, strict=True):
        facts = {key.encode(): value for key, value in zip(told, await reply, strict=True) if value}
        state = CustomerState(facts=parse_facts(facts))
        said = state.consents(ask.channel)
        if said is None and people is not None and ask.channel == "email":
            trained = int(people.facts.consent[row(name)])
            said = bool(trained) if trained >= 0 else None
        agreed = {"opt_in": bool(said), "opt_out": said is not False, "any": True}[ask.consent]
        may.append(agreed and state.value(NO_PROFILES) != "0")
    return may
