"""The recommendation, whole: candidates, eligibility, ranking, the merchant's rules, reasons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from recommender.arrays.dtypes import Bools, Int32s
from recommender.arrays.id_map import CACHE_SIZE, NO_ROW
from recommender.context.market import country_of, sells_by_market
from recommender.context.narrowing import narrowed
from recommender.context.request import Request, Situation
from recommender.customers.tiers import TierPlan
from recommender.in_market import InMarkets
from recommender.merchandising.compiled_rules import NO_RULES, Merchandise, RulePlan
from recommender.merchandising.mixing import ROW, mixed, places
from recommender.merchandising.rerank import arrange, limited, promoted
from recommender.merchandising.rules import AnyRule
from recommender.placements import ABOUT_THE_PRODUCT, POPULAR, Stage, backed, stages
from recommender.reasons.explain import OF_PRODUCTS, REASONS, PickReason, given, pinned, reason_of
from recommender.sources.candidates import NO_VARIANTS, BlendedRanking, Candidates, blend
from recommender.sources.variants import variants_to_show


class Pick(msgspec.Struct, frozen=True, gc=False):
    """One product of an answer. item: its row; score: between 0 and 1, comparable within one answer;
    reason_json: a `PickReason`."""

    item: int
    score: float
    source: str
    reason_json: str

    @property
    def reason(self) -> PickReason:
        """Why it is shown."""
        return reason_of(self.reason_json)


ONE = np.ones(1)
NOTHING = BlendedRanking.room(0)
FEW = 2_000  # products of which sources can score each one


def _ignore(_sources: tuple[str, ...], _proposed: Sequence[int]) -> None:
    return None


@dataclass(frozen=True)
class Recommender(InMarkets):
    """A model version and what is available now. observe: called with how many products sources proposed;
    tiers: the merchant's, which rules may name."""

    observe: Callable[[tuple[str, ...], Sequence[int]], None] = _ignore
    rules: Sequence[AnyRule] = ()
    tiers: TierPlan | None = None

    @cached_property
    def stages(self) -> Mapping[str, Sequence[Stage]]:
        orders = self.bundle.manifest.orders
        return {
            placement: [backed(stage, orders) for stage in each]
            for placement, each in stages(self.bundle.tables.blends).items()
        }

    @cached_property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.rules, self.bundle.tables, self.availability, self.tiers)

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        """The best k products for a request after its first `offset`, best first; fewer only where fewer may
        be shown, or no others would be an answer (`placements.ABOUT_THE_PRODUCT`).

        visitor: whom a rotation rule shows other products from day to day. Pages of one k are one list, as
        long as model, products, rules and shopper stay as they are.
        """
        if not request.offset:
            return self._page(request, k, visitor)
        end, name, listed = request.offset + k, self.bundle.tables.products.name, list[Pick]()
        while len(listed) < end:
            shown = tuple([name(pick.item) for pick in listed])
            rest = msgspec.structs.replace(request, exclude=(*request.exclude, *shown))
            page = self._page(rest, k, visitor, has_pins=not listed)
            listed += page
            if len(page) < k:
                break
        return listed[request.offset : end]

    def _page(self, request: Request, k: int, visitor: str | None, *, has_pins: bool = True) -> list[Pick]:
        situation = Situation(request, self.bundle)
        plan = self.merchandise.plan(request.placement, request.now, visitor, situation)
        allowed = self._allowed(request, plan)
        if request.filter is not None or request.candidates:
            situation.among = _if_few(allowed)
        pins = _pinned(plan, allowed, situation, k) if plan.pins and has_pins else {}
        picks = list(pins.values())
        own_only, stages = self.answers_only(situation), self.stages[request.purpose]
        for stage in stages[:-1] if own_only or request.candidates else stages:
            if len(picks) == k:
                break
            if stage.live and not situation.is_live:
                continue
            picks += self._pick(situation, plan, allowed, stage, k, picks)
        if len(picks) < k and (request.candidates or not own_only):
            fill = self._as_given if request.candidates else self._best_sellers
            picks += fill(situation, plan, allowed, k - len(picks), picks)
        return _with_pins(picks, list(pins)) if pins else picks

    def answers_only(self, situation: Situation) -> bool:
        """Whether nothing but what is about the product may be shown: no last stage, no last resort."""
        placement = situation.request.placement
        return placement == "upgrade" or (placement in ABOUT_THE_PRODUCT and situation.product >= 0)

    def _pick(
        self, situation: Situation, plan: RulePlan, allowed: Bools, stage: Stage, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """The best of what the stage's sources propose, for an answer of k of which some are taken."""
        already, left = [pick.item for pick in taken], k - len(taken)
        names, favourites = stage.names, stage.favourites if situation.repeats_share else None
        is_known = (favourites is not None or stage.share < 1) and len(situation.owned) > 0
        if is_known and favourites is not None:
            ranking = self._mixed(situation, plan, allowed, stage, k, already)
            names += favourites.names
        else:
            left = min(left, max(int(stage.share * k), 1)) if is_known else left
            ranking = self._ranked(situation, plan, allowed, stage, left, already, situation.hidden)
        items, sources, anchors, counts, scores = limited(ranking, plan, left, already).lists()
        reasons, language = self._reasons, situation.request.language
        return [
            Pick(
                item,
                score,
                name := names[source],
                reasons.get((name, item, anchor, count, language))
                or self._reason(situation, name, item, anchor, count),
            )
            for item, score, source, anchor, count in zip(
                items, scores, sources, anchors, counts, strict=True
            )
        ]

    def _mixed(
        self,
        situation: Situation,
        plan: RulePlan,
        allowed: Bools,
        stage: Stage,
        k: int,
        already: Sequence[int],
    ) -> BlendedRanking:
        """Favourites and products new to the customer, in the shares that the request asks for."""
        owned, hidden, best = situation.owned, situation.hidden, stage.favourites or stage
        n_owned = len(set(owned.tolist()).intersection(already)) if already else 0
        kinds = places(k, situation.repeats_share, len(already), n_owned)
        if best.only_repeats:
            usual = self._ranked(situation, plan, allowed, best, max(k, 2 * ROW), already, hidden)
        else:
            usual = self._ranked(situation, plan, allowed, best, None, already, hidden)
            usual = usual.only(np.flatnonzero(np.isin(usual.items, owned)))
        if kinds.new == 0 and len(usual.items) >= kinds.favourites and plan is NO_RULES:
            new = NOTHING
        else:
            out_of_sight = np.concatenate([hidden, owned])
            new = self._ranked(situation, plan, allowed, stage, k, already, out_of_sight)
        return mixed(new, usual, len(stage.names), kinds, varied=stage.varied)

    def _ranked(
        self,
        situation: Situation,
        plan: RulePlan,
        allowed: Bools,
        stage: Stage,
        k: int | None,
        already: Sequence[int],
        hidden: Int32s,
    ) -> BlendedRanking:
        """What the stage's sources propose, the k best or all, in the order of the merchant's boosts."""
        most = k if plan is NO_RULES else None
        ranking, proposed = _blended(situation, stage, allowed, already, most, hidden)
        self.observe(stage.names, proposed)
        return promoted(ranking, plan)

    @cached_property
    def _reasons(self) -> dict[tuple[str, int, int, int, str], str]:
        """Cache of the reasons that depend on products and language alone: the same few are given all day."""
        return {}

    def _reason(self, situation: Situation, source: str, item: int, anchor: int, count: int) -> str:
        reason = REASONS[source](situation, item, anchor, count)
        if source in OF_PRODUCTS and anchor != NO_ROW:
            if len(self._reasons) >= CACHE_SIZE:
                self._reasons.clear()
            self._reasons[source, item, anchor, count, situation.request.language] = reason
        return reason

    def may_show(self, items: Int32s, situation: Situation) -> Bools:
        """Which items are offered, in stock, not hidden from this answer and within the request's filters."""
        shown = self._allowed(situation.request, NO_RULES)[items] & ~np.isin(items, situation.hidden)
        if situation.request.purpose != "buy_again":
            shown &= ~self.bundle.tables.variant_groups.share_one(items, situation.hidden)
        return shown

    def _allowed(self, request: Request, plan: RulePlan) -> Bools:
        """(n_items): what can be sold and is within the filters of the request and the merchant's rules."""
        filtered = request.filtered or plan.allowed is not None or self._by_market
        if not filtered:
            return self.availability.sellable
        within = narrowed(request, self.bundle.tables, self.availability, self.country(request))
        return within if plan.allowed is None else within & plan.allowed

    def country(self, request: Request) -> str | None:
        """The country whose products alone may be shown; None: not known, or all are sold everywhere."""
        return country_of(request, self.bundle.tables) if self._by_market else None

    @cached_property
    def _by_market(self) -> bool:
        return sells_by_market(self.bundle.tables, self.availability)

    def _as_given(
        self, situation: Situation, plan: RulePlan, allowed: Bools, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """Candidates of which the sources know nothing, in the order of the request."""
        already = [pick.item for pick in taken]
        away = {*already, *situation.hidden.tolist()}
        candidates = dict.fromkeys(self.bundle.tables.products.rows(situation.request.candidates))
        shown = [item for item in candidates if allowed[item] and item not in away]
        ranking = BlendedRanking.room(len(shown))
        ranking.columns[:] = NO_ROW
        ranking.columns[0], ranking.scores[:] = shown, 0
        reason = given(situation.request.language)
        return [Pick(item, 0.0, "given", reason) for item in arrange(ranking, plan, k, already).lists().items]

    def _best_sellers(
        self, situation: Situation, plan: RulePlan, allowed: Bools, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """For narrow filters: all products that are allowed, most popular first."""
        already, popular = [pick.item for pick in taken], self.bundle.tables.popular
        best_first = np.arange(len(popular.items), 0, -1, dtype=np.float32)
        proposal = Candidates.unanchored(popular.items, best_first, popular.counts)
        hidden = np.array([*situation.hidden, *already], np.int32)
        ranking = blend(
            [proposal], ONE, allowed, hidden, variants=variants_to_show(situation, (), hidden, already)
        )
        ranking.scores[:] = 0
        arranged = arrange(ranking, plan, k, already).lists()
        return [
            Pick(item, 0.0, POPULAR.name, REASONS[POPULAR.name](situation, item, NO_ROW, count))
            for item, count in zip(arranged.items, arranged.counts, strict=True)
        ]


def _blended(
    situation: Situation,
    stage: Stage,
    allowed: Bools,
    already: Sequence[int],
    k: int | None,
    hidden: Int32s,
) -> tuple[BlendedRanking, Sequence[int]]:
    """The k best of what the stage's sources propose, or all, and how many each proposes."""
    proposals = [source.propose(situation) for source in stage.sources]
    hidden = np.concatenate([hidden, np.array(already, np.int32)]) if already else hidden
    variants = NO_VARIANTS
    if not situation.request.candidates:
        variants = variants_to_show(situation, stage.names, hidden, already)
    ranking = blend(proposals, stage.weights, allowed, hidden, k, variants)
    return ranking, [len(proposal.items) for proposal in proposals]


def _if_few(allowed: Bools) -> Int32s | None:
    """The items that are allowed, where there are few."""
    return np.flatnonzero(allowed).astype(np.int32) if np.count_nonzero(allowed) <= FEW else None


def _pinned(plan: RulePlan, allowed: Bools, situation: Situation, k: int) -> dict[int, Pick]:
    """Position (from 0) -> the product pinned to it, where that may be shown."""
    hidden, reason = set(situation.hidden.tolist()), pinned(situation.request.language)
    return {
        position: Pick(item, 1.0, "pinned", reason)
        for position, item in plan.pins
        if position < k and allowed[item] and item not in hidden
    }


def _with_pins(picks: list[Pick], positions: list[int]) -> list[Pick]:
    """The first picks, which are pinned, at their positions; the others in between, in their order."""
    answer = picks[len(positions) :]
    for position, pick in zip(positions, picks, strict=False):
        answer.insert(position, pick)
    return answer
