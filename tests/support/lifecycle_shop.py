"""A small shop for lifecycle tests: events in, decisions out, without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from features.catalogue.price_and_stock_news import News
from features.events.vocabulary import Event
from features.live.customer_facts import CustomerState, DatedFact, facts_of, fold_customer
from features.live.shopper_state import entry_of, milliseconds
from features.outgoing.trigger_queue import TriggerState, Waiting
from recommender.customers.tiers import TierPlan
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.models import customer_model_of
from recommender.lifecycle.plan import MessagePlan
from recommender.lifecycle.vocabulary.occasion import Trigger
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.model.availability import Availability
from recommender.recommend import Recommender

from bundles import NOW, small_bundle
from factories import event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = {"quiet": {"from": "00:00", "until": "00:00"}, "consent": "opt_out"}
FREE = {**OPEN, "budget": {"contacts": 1000, "days": 1, "gap_hours": 0}}


def past_events(*events: tuple[str, timedelta, dict[str, Any]]) -> list[Event]:
    """events: (type, how long ago, fields)."""
    return [event(kind, at=NOW - ago, **fields) for kind, ago, fields in events]


def customer_state(events: Sequence[Event]) -> CustomerState:
    """The live state that Redis would keep of these events."""
    entries = [entry for each in events if (entry := entry_of(each, each.timestamp)) is not None]
    facts: dict[str, DatedFact] = {}
    for each in sorted(events, key=lambda one: one.timestamp):
        for fact in facts_of(each):
            if not (fact.earliest and fact.name in facts):
                facts[fact.name] = DatedFact(fact.at_ms, fact.value)
    return fold_customer(reversed(entries), facts)


class Shop:
    """A small shop that decides about one customer again and again, and remembers what it handed out."""

    def __init__(self, customer: str = "zoe", settings: Mapping[str, Any] = FREE, **parts: Any) -> None:
        bundle = small_bundle()
        self.customer, self.settings = customer, msgspec.convert(settings, Settings)
        recommender = Recommender(bundle, Availability.of(bundle.tables))
        self.knowledge = Knowledge(recommender, customer_model_of(bundle.tables), **parts)
        self.events: list[Event] = []
        self.done: dict[str, int] = {}
        self.contacts: dict[str, int] = {}
        self.waiting: tuple[Waiting, ...] = ()

    def hears(self, *events: tuple[str, timedelta, dict[str, Any]]) -> Shop:
        self.events += past_events(*events)
        return self

    def learns(self, **news: News) -> Shop:
        self.knowledge = replace(self.knowledge, news=news)
        return self

    def decides(self, later: timedelta = timedelta(), moment: datetime = NOW) -> MessagePlan:
        """The plan of that moment, which is not remembered."""
        trigger_state = TriggerState(customer_state(self.events), self.done, self.contacts, self.waiting)
        return self.knowledge.decide(
            self.customer, trigger_state, milliseconds(moment + later), self.settings
        )

    def looks(self, later: timedelta = timedelta()) -> list[Trigger]:
        """Hand out the triggers that are due then."""
        now_ms = milliseconds(NOW + later)
        plan = self.decides(later)
        for each in plan.triggers:
            self.done |= dict.fromkeys(each.keys, now_ms)
            self.contacts[each.id] = now_ms
            expires_ms = milliseconds(each.expires_at)
            self.waiting += (Waiting(each.id, each.kind, "1-0", now_ms, each.keys, expires_ms),)
        self.waiting = tuple(
            each for each in self.waiting if each.id not in plan.ended and each.expires_ms > now_ms
        )
        return list(plan.triggers)

    def sends(self, later: timedelta = timedelta()) -> list[str]:
        """The kinds handed out then."""
        return [each.kind for each in self.looks(later)]


__all__ = ["DAY", "FREE", "HOUR", "NOW", "OPEN", "News", "Shop", "TierPlan", "customer_state", "past_events"]
