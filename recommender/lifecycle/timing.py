"""When a message may be sent: quiet hours, what holds promotion back, and the contact budget."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo

from features.time_units import DAY_MS, HOUR_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import SERVICE, MessageKind
from recommender.lifecycle.vocabulary.settings import Quiet, Settings, zone_of


def after_quiet(at_ms: int, quiet: Quiet, zone: tzinfo) -> int:
    """That moment, or the end of the quiet hours in which it falls; they may span midnight."""
    begin, end = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.until)
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    clock = local.time()
    spans = begin > end
    is_quiet = (clock >= begin or clock < end) if spans else begin <= clock < end
    if not is_quiet:
        return at_ms
    day = local.date() + timedelta(days=1 if spans and clock >= begin else 0)
    return int(datetime.combine(day, end, zone).timestamp() * 1000)


def zone_for(customer: Customer, settings: Settings) -> tzinfo:
    """The customer's time zone, else the shop's."""
    return zone_of(customer.state.value("timezone")) or zone_of(settings.timezone) or UTC


def channel_for(customer: Customer, kind: MessageKind, settings: Settings) -> str | None:
    """The shop's preferred channel among those with consent. Service messages need only no refusal; they are
    all that goes to who said no to profiling."""
    if customer.state.refuses_profiling and kind not in SERVICE:
        return None
    for channel in settings.channels:
        consent = customer.consents(channel)
        if consent or (consent is None and (settings.consent == "opt_out" or kind in SERVICE)):
            return channel
    return None


def held_until(customer: Customer, now_ms: int, settings: Settings) -> int:
    """The moment from which promotion may go out; 0: nothing holds it back."""
    return max((until for until in _holds(customer, settings) if until > now_ms), default=0)


def budget_opens(contacts: list[int], settings: Settings, now_ms: int) -> int:
    """The earliest moment, now or later, that has room for one more contact. contacts: epoch ms.

    A contact dated after now counts too: a clock that jumped back must not open the budget.
    """
    budget, newest = settings.budget, sorted(contacts, reverse=True)
    opens = now_ms
    if newest:
        opens = max(opens, newest[0] + int(budget.gap_hours * HOUR_MS))
    if len(newest) >= budget.contacts:
        opens = max(opens, newest[budget.contacts - 1] + int(budget.days * DAY_MS))
    return opens


def _holds(customer: Customer, settings: Settings) -> Iterator[int]:
    state, holds = customer.state, settings.holds
    yield from (at + int(holds.ticket_days * DAY_MS) for at in state.open_tickets())
    score = state.number("survey")
    if score is not None and score <= holds.bad_score:
        yield state.at_ms("survey") + int(holds.survey_days * DAY_MS)
    if state.taken_back_ms:
        yield state.taken_back_ms + int(holds.refund_days * DAY_MS)
