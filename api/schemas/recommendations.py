"""The shapes of requests and answers: what we check, and what the documentation shows."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from api.schemas.revisions import RulesVersion
from features.catalogue.local import Currency
from features.events.vocabulary import Id, SentEvent
from recommender.context.campaigns import Campaign
from recommender.context.request import Placement
from recommender.merchandising.rules import Rules
from recommender.validity import Moment

MAX_K = 100
MOST_REST_DAYS = 3_650
MAX_REQUESTS = 20
MAX_OFFSET, MAX_CANDIDATES, MAX_FILTERS = 500, 500, 20
MOST_PAGES = 50  # each is worked out by itself
Ids = Annotated[tuple[Id, ...], msgspec.Meta(max_length=200)]
Repeats = Literal["all", "none"] | Annotated[float, msgspec.Meta(ge=0, le=1)]
Filters = Annotated[tuple[str | dict[str, Any], ...], msgspec.Meta(max_length=MAX_FILTERS)]
Language = Annotated[str, msgspec.Meta(min_length=1, max_length=35)]
Price = Annotated[float, msgspec.Meta(ge=0, le=1e30)]  # within float32, as prices are compared


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One widget's question. In a query, `cart`, `exclude` and `candidates` are ids separated by commas, and
    `filter` may stand several times.

    `filter`: all must hold; each is a text such as `brand:Acme|Bodum`, `!colour:red` or `weight:100..500`, or
    an object such as `{"brand": ["Acme"], "weight": {"min": 100}, "or": [...]}`. `offset`: how many products
    of the list to leave out, for the next page. `candidates`: the products to put into order, no others.

    `repeats`: how much is shown of what the customer has bought before: `all` as it comes, `none`, or a share
    of the answer from 0 to 1; without it as suits the placement. `campaign`: what an `email` is for.
    `rest_days`: for so long what the shopper bought is not shown; without it, as long as training learned of
    each product, and in `buy_again` not at all.
    language: of titles, reasons and heading, like `de` or `de-AT`; country and currency: of prices; each else
    the customer's, else the shop's. personalise: false for who said
    no to profiling: the answer depends on this request alone. track: `view` is a page view of `product_id`,
    too, taken as by `/v1/events` before it is answered; event_id: its id, so that a repeat counts once.
    """

    placement: Placement
    customer_id: Id | None = None
    anonymous_id: Id | None = None
    session_id: Id | None = None
    product_id: Id | None = None
    cart: Ids = ()
    exclude: Ids = ()
    k: Annotated[int, msgspec.Meta(ge=1, le=MAX_K)] = 8
    in_stock: bool = True
    category: Id | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    customer_token: Id | None = None
    repeats: Repeats | None = None
    campaign: Campaign | None = None
    rest_days: Annotated[int, msgspec.Meta(ge=0, le=MOST_REST_DAYS)] | None = None
    filter: Filters = ()
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_OFFSET)] = 0
    candidates: Annotated[tuple[Id, ...], msgspec.Meta(max_length=MAX_CANDIDATES)] = ()
    country: Id | None = None
    language: Language | None = None
    currency: Currency | None = None
    personalise: bool = True
    track: Literal["view"] | None = None
    event_id: Id | None = None

    def __post_init__(self) -> None:
        if self.campaign is not None and self.placement != "email":
            raise ValueError(f"`campaign` belongs to the placement `email`, not to `{self.placement}`")
        if self.offset > MOST_PAGES * self.k:
            raise ValueError(f"`offset` reaches {MOST_PAGES} pages of `k` products; ask for more at once")


class AskPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All widgets of one page; no product is answered twice."""

    requests: Annotated[tuple[Ask, ...], msgspec.Meta(min_length=1, max_length=MAX_REQUESTS)]


class PicksAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One customer's products for an e-mail. `preview`: nothing is noted as sent.

    `send_id`: the sending's own name; asked again under the same, the answer does not avoid its own products.
    `repeats`, `rest_days`: as in `/v1/recommendations`; without them as suits the campaign.
    language, country, currency, personalise: as of a widget's question.
    """

    customer_id: Id | None = None
    campaign: Campaign = "newsletter"
    k: Annotated[int, msgspec.Meta(ge=1, le=MAX_K)] = 8
    send_id: Id | None = None
    preview: bool = False
    repeats: Repeats | None = None
    rest_days: Annotated[int, msgspec.Meta(ge=0, le=MOST_REST_DAYS)] | None = None
    language: Language | None = None
    country: Id | None = None
    currency: Currency | None = None
    personalise: bool = True


class ReasonAnswer(msgspec.Struct, frozen=True):
    """Why a product is shown: a closed code, a sentence, and the true figures behind it."""

    code: str
    text: str
    evidence: dict[str, Any]


class Item(msgspec.Struct, frozen=True):
    """One recommended product."""

    product_id: str
    rank: int
    score: float
    source: str
    reason: ReasonAnswer
    title: str | None = None
    price: float | None = None
    currency: str | None = None
    url: str | None = None
    image_url: str | None = None


class ExperimentAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The experiment this answer is part of. `holdout`, `held_out`: best sellers, to see what others earn.

    widget: what the arm hands to the page, as it was planned.
    """

    id: str
    arm: str
    widget: dict[str, Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """One widget's answer. Any later event may echo `recommendation_id`.

    unknown: which of the question's `candidates` no model knows, in their order; left out without candidates.
    heading: a title for the products, in the language asked for. personalised: false where nothing of a
    shopper was looked at: none was named, or they said no to profiling.
    """

    recommendation_id: str
    placement: Placement
    heading: str
    personalised: bool
    model_version: str | None
    experiment: ExperimentAnswer | None
    degraded: bool
    degraded_reasons: list[str]
    items: list[Item]
    unknown: list[str] = []


class PicksAnswer(Answer, frozen=True, kw_only=True):
    """One customer's picks, always an answer: whoever is not known gets what most people like.

    `error`: what was wrong with the line that asked.
    """

    customer_id: str | None
    campaign: Campaign
    error: str | None


class AnswerPage(msgspec.Struct, frozen=True):
    """The answers of one page, in the order asked."""

    answers: list[Answer]


class Rejected(msgspec.Struct, frozen=True):
    """An event or product that was not taken, by its place in the request."""

    index: int
    reason: str


class SentEvents(msgspec.Struct, frozen=True):
    """Events, each checked by itself."""

    events: list[SentEvent]


class Received(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the events sent.

    erased: of people who were erased, and not kept. Only a secret key learns of them; to a public one they
    count as accepted. warnings: of events that were taken, what their sender should know.
    """

    accepted: int
    duplicates: int
    rejected: list[Rejected]
    erased: int = 0
    warnings: list[Rejected] = []


class RulesToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rules, in place of those before. With `revision`, the one you changed, nobody's work is lost."""

    rules: Rules
    revision: int | None = None


class SavedRulesAnswer(msgspec.Struct, frozen=True):
    """Rules, what they name that the model does not know, and the versions that are kept, newest first."""

    revision: int
    saved_at: datetime | None
    rules: Rules
    warnings: list[str]
    versions: list[RulesVersion]


class PreviewAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules to try on one question; `at`: as if it were then."""

    rules: Rules
    request: Ask
    at: Moment | None = None


class Move(msgspec.Struct, frozen=True):
    """A product at another rank."""

    product_id: str
    before: int
    after: int


class RuleEffect(msgspec.Struct, frozen=True):
    """What a rule changes on top of those before it. speaks: it has a say at this placement and time."""

    id: str
    name: str
    speaks: bool
    added: list[str]
    removed: list[str]
    moved: list[Move]


class PreviewAnswer(msgspec.Struct, frozen=True):
    """The answer without rules and with them."""

    before: list[Item]
    after: list[Item]
    rules: list[RuleEffect]
    warnings: list[str]


class ProblemAnswer(msgspec.Struct, frozen=True):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]]
    request_id: str


class UnsureAnswer(ProblemAnswer, frozen=True, kw_only=True):
    """Problem details of events that may have been kept, all or some of them.

    event_ids: of each event that was sent, in that order; null for one that cannot be taken. Sent again with
    these ids the events count once.
    """

    event_ids: list[str | None] = []
