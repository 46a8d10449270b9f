"""`outlook`: the messages that a customer will get in the coming days, if nothing happens meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from features.outgoing.trigger_queue import TriggerState
from recommender.experiments.plan import OFFERS
from recommender.lifecycle.knowledge import Knowledge
from recommender.lifecycle.plan import plan
from recommender.lifecycle.timing import after_quiet
from recommender.lifecycle.trials import settings_for
from recommender.lifecycle.vocabulary.occasion import TRANSACTIONAL, Suggested, Trigger
from recommender.lifecycle.vocabulary.settings import Settings, zone_of


class ExpectedMessage(NamedTuple):
    """at_ms: one of the moments that were looked at."""

    at_ms: int
    trigger: Trigger


def daily_moments(now_ms: int, days: int, settings: Settings) -> list[int]:
    """Now, and noon of each of the following days in the shop's time zone, or the end of quiet hours then."""
    zone = zone_of(settings.timezone) or UTC
    noon = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=12, minute=0, second=0, microsecond=0)
    later = [int((noon + timedelta(days=day)).timestamp() * 1000) for day in range(1, days)]
    return [now_ms, *(after_quiet(each, settings.quiet, zone) for each in later)]


def outlook(
    knowledge: Knowledge,
    customer_id: str,
    state: TriggerState,
    moments_ms: Sequence[int],
    settings: Settings,
) -> Iterator[ExpectedMessage]:
    """Decide at each moment as if all that was decided before had gone out. The products that a message lets
    be chosen are left out."""
    for at_ms in moments_ms:
        own = settings_for(knowledge.trials.of(customer_id, OFFERS, at_ms / 1000), settings)
        customer = knowledge.customer(customer_id, state, at_ms)
        triggers = plan(customer, at_ms, own, _nothing).triggers
        yield from (ExpectedMessage(at_ms, trigger) for trigger in triggers)
        if triggers:
            sent = {each.id: at_ms for each in triggers if each.kind not in TRANSACTIONAL}
            done = {key: at_ms for each in triggers for key in each.keys}
            state = state._replace(done=state.done | done, contacts=state.contacts | sent)


def _nothing(_: Suggested) -> tuple[str, ...]:
    return ()
