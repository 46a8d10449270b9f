"""One way to an answer, for widgets, pages and e-mails: question -> treatment -> picks -> answer, noted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from api.schemas import recommendations as schemas
from api.schemas.recommendations import Ask
from api.serving.experiments import Treatment
from api.serving.filters import check_filter, filter_of
from api.serving.service import Service
from api.serving.shoppers import NOBODY, Shopper
from api.web.metrics import DEGRADED, PICKS
from api.web.replies import encode
from api.web.tokens import new_token
from features.live.shopper_state import ShopperLog
from features.outgoing.impressions import ServedRecord
from recommender.context.request import Repeats, Request
from recommender.context.request_record import written
from recommender.model.availability import Shown
from recommender.reasons.language import known_tag, language_of
from recommender.recommend import Pick, Recommender

NOT_DEGRADED = 'false,"degraded_reasons":[]'
SCORES = [f"{share / 10_000:.4f}" for share in range(10_001)]  # looking one up is faster than formatting it


class Question(NamedTuple):
    """What is to be recommended to whom; degraded_reasons: what could not be read of the shopper."""

    request: Request
    k: int
    shopper: Shopper
    session_id: str | None = None
    degraded_reasons: Sequence[str] = ()


class Choice(NamedTuple):
    """The products chosen for a question, and the treatment that chose them."""

    question: Question
    treatment: Treatment
    picks: Sequence[Pick]


class Answered(NamedTuple):
    """body: JSON of a `schemas.Answer`; product_ids: what it shows, best first."""

    recommendation_id: str
    product_ids: tuple[str, ...]
    body: bytes


def request_of(
    service: Service, ask: Ask, shopper: Shopper, log: ShopperLog, now: float, on_page: Sequence[str] = ()
) -> Request:
    """A widget's question as the recommender takes it. now: epoch s; on_page: products shown on the page."""
    spoken = ask.language or their_language(service, shopper.customer_id)
    return Request(
        placement=ask.placement,
        now=now,
        shopper=log,
        customer_id=shopper.customer_id,
        product_id=ask.product_id,
        cart=ask.cart,
        exclude=(*ask.exclude, *on_page),
        category=ask.category,
        min_price=ask.min_price,
        max_price=ask.max_price,
        in_stock=ask.in_stock,
        repeats=share_of(ask.repeats),
        campaign=ask.campaign or "newsletter",
        rest_days=ask.rest_days,
        filter=filter_of(ask.filter) if ask.filter else None,
        candidates=ask.candidates,
        country=ask.country,
        offset=ask.offset,
        language=known_tag(spoken, service.settings.language),
        titles=spoken,
        currency=ask.currency,
    )


def their_language(service: Service, customer_id: str | None) -> str | None:
    """What training knows of it."""
    tables = service.recommender.bundle.tables if service.recommender else None
    if customer_id is None or tables is None or tables.people is None:
        return None
    facts = tables.people.facts
    return facts.word(facts.language, tables.customers.row(customer_id))


def share_of(repeats: schemas.Repeats | None) -> Repeats | None:
    """As the recommender takes it."""
    return 0.0 if repeats == "none" else repeats


def choose(service: Service, question: Question) -> Choice:
    """Recommend, by the published model or as an experiment has it for this visitor."""
    request, visitor = question.request, question.shopper.visitor
    treatment = service.treatment(visitor, request.placement, request.now)
    recommender = treatment.recommender
    if request.filter is not None:
        check_filter(request.filter, recommender)
    if recommender is None:
        return Choice(question, treatment, ())
    seen = recommender.for_market_of(request)
    if seen is not recommender:
        treatment = treatment._replace(recommender=seen)
    return Choice(question, treatment, seen.recommend(request, question.k, visitor))


def answer(service: Service, choice: Choice, *, is_impression: bool = True) -> Answered:
    """Write the answer and count it. is_impression: reports and training learn that it was shown."""
    question, treatment, picks = choice
    recommender, placement = treatment.recommender, question.request.placement
    missing = treatment.degraded_reasons if recommender else ("no_model",)
    degraded_reasons = (*question.degraded_reasons, *missing)
    recommendation_id = f"r-{new_token()}"
    shown = shown_products(recommender, picks)
    product_ids = tuple([product_id for product_id, _ in shown])
    sources = tuple([pick.source for pick in picks])
    PICKS.add_each(placement, sources)
    for reason in degraded_reasons:
        DEGRADED.add(reason)
    if is_impression:
        is_degraded = bool(degraded_reasons)
        service.served.add(_impression(recommendation_id, choice, product_ids, sources, is_degraded))
    items = items_json(picks, shown, question.request.offset + 1)
    if question.request.candidates:
        items += f',"unknown":{encode(unknown_candidates(question.request, recommender)).decode()}'
    body = _answer_json(_head(recommendation_id, question), treatment, degraded_reasons, items)
    return Answered(recommendation_id, product_ids, body)


def _impression(
    recommendation_id: str,
    choice: Choice,
    product_ids: tuple[str, ...],
    sources: tuple[str, ...],
    is_degraded: bool,
) -> ServedRecord:
    question, treatment, _ = choice
    recommender = treatment.recommender
    return ServedRecord(
        recommendation_id=recommendation_id,
        at=datetime.now(UTC),
        placement=question.request.placement,
        customer_id=question.shopper.customer_id,
        anonymous_id=question.shopper.anonymous_id,
        session_id=question.session_id,
        product_ids=product_ids,
        sources=sources,
        model_version=recommender.bundle.manifest.version if recommender else None,
        treated=treatment.assignment,
        parameters=written(question.request),
        degraded=is_degraded,
    )


def _head(recommendation_id: str, question: Question) -> str:
    """The first fields of a `schemas.Answer`."""
    request = question.request
    headings = language_of(request.language).headings
    heading = headings.get(request.purpose) or headings.get(request.placement, '""')
    personalised = "false" if question.shopper == NOBODY else "true"
    return (
        f'"recommendation_id":"{recommendation_id}","placement":"{request.placement}","heading":{heading},'
        f'"personalised":{personalised}'
    )


def _answer_json(head: str, treatment: Treatment, degraded_reasons: Sequence[str], items: str) -> bytes:
    """One `schemas.Answer`. items: JSON of its items, and of what comes behind them."""
    recommender = treatment.recommender
    version = f'"{recommender.bundle.manifest.version}"' if recommender else "null"
    degraded = (
        f'true,"degraded_reasons":{encode(degraded_reasons).decode()}' if degraded_reasons else NOT_DEGRADED
    )
    return (
        f'{{{head},"model_version":{version},"experiment":{treatment.experiment_json},"degraded":{degraded},'
        f'"items":{items}}}'
    ).encode()


def shown_products(recommender: Recommender | None, picks: Sequence[Pick]) -> list[Shown]:
    """Ids and JSON fields of the picks' products."""
    if recommender is None:
        return []
    return recommender.availability.show(recommender.bundle.tables, [pick.item for pick in picks])


def unknown_candidates(request: Request, recommender: Recommender | None) -> list[str]:
    """Those that the model does not know; without a model all of them."""
    if recommender is None:
        return list(request.candidates)
    return [name for name in request.candidates if recommender.bundle.tables.products.row(name) < 0]


def items_json(picks: Sequence[Pick], shown: Sequence[Shown], first_rank: int = 1) -> str:
    """A list of `schemas.Item`. shown: the picks' products, whose cards are kept as JSON and only copied."""
    items = [
        f'{{{fields}"rank":{rank},"score":{SCORES[int(pick.score * 10_000 + 0.5)]},'
        f'"source":"{pick.source}","reason":{pick.reason_json}}}'
        for rank, (pick, (_, fields)) in enumerate(zip(picks, shown, strict=True), first_rank)
    ]
    return f"[{','.join(items)}]"
