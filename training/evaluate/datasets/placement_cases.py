"""For each placement questions that its purpose asks, from the held-out end of a shop's history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.arrays.dtypes import Bools, Int32s
from recommender.context.campaigns import Campaign
from recommender.context.request import PLACEMENTS, Placement, Request, Situation
from recommender.model.bundle import Bundle
from training.data.history import History, OrderLines
from training.evaluate.datasets.looks import view_cases
from training.evaluate.datasets.own_shop import looks_of
from training.measure.compare import Case, familiar
from training.run.cases import at_last_orders, hidden_products, next_orders, orders_of
from training.settings import TrainingSettings

FIRST_DAYS = 7  # of what was held out: the orders that `trending` and `new` are asked about
PRODUCT_PAGES = 500
STEP_UP = 1.05  # a better product costs so many times as much at least

Kept = Callable[[Situation], Bools]
"""(n_items): which products are looked at."""


class Questions(NamedTuple):
    """One row of the table.

    judged: what counts, in words; measure: its name; owner: (n_cases), equal for cases of one customer, visit
    or order; anchors: what simple methods start from; kept: of what serves and of simple methods only these
    count; among: simple methods propose only these.
    """

    placement: str
    judged: str
    measure: str
    cases: list[Case]
    owner: NDArray[np.int64]
    anchors: str
    kept: Kept | None = None
    among: Kept | None = None


@dataclass(frozen=True)
class HeldOut:
    """What happened from `cut` (epoch s) on, to ask a bundle of the time before about.

    kind: (n_items) int32, equal for products of one kind, -1 where it is not known.
    """

    history: History
    cut: int
    bundle: Bundle
    kind: NDArray[np.int32]
    settings: TrainingSettings

    def questions(self) -> Iterator[Questions]:
        """The rows of which there are cases, in the order of the placements."""
        rows = [*self._of_customers(), *self._of_visits(), *self._of_products(), *self._of_orders()]
        order = {placement: number for number, placement in enumerate(PLACEMENTS)}
        for row in sorted(rows, key=lambda row: order[row.placement.partition(" ")[0]]):
            if len(row.cases):
                yield row

    @cached_property
    def late(self) -> OrderLines:
        lines = self.history.purchases
        return lines.where(lines.timestamp >= self.cut)

    @cached_property
    def before(self) -> OrderLines:
        return self.history.before(self.cut).purchases

    @cached_property
    def next_orders(self) -> list[Case]:
        """The first later order of customers who had ordered before."""
        known = np.intersect1d(self.before.customer[self.before.customer >= 0], self.late.customer)
        chosen = self._some(known, self.settings.evaluation_cases).astype(np.int32)
        cases = next_orders(self.history, self.late, chosen)
        return [_at(case, "home") for case in cases]

    def _of_customers(self) -> Iterator[Questions]:
        new, repeats = self._of_truth(known=False), self._of_truth(known=True)
        yield _row("home", "new products of the next order", new, kept=self._is_new)
        yield _row("home", "repeats of the next order", repeats, kept=self._is_known)
        yield _row("next_order", "the next order", self.next_orders)
        yield _row("buy_again", "repeats of the next order", repeats, among=self._is_known)
        after = at_last_orders(self.next_orders, self.history, self.before)
        other = (_without(case, Situation(case.request, self.bundle).last_order) for case in after)
        following = [case for case in other if len(case.truth)]
        yield _row("post_purchase", "other products of the next order", following, "last order")
        for campaign in ("newsletter", "win_back"):
            cases = _mailed(new, campaign)
            yield _row("email", f"{campaign}: new products of the next order", cases, kept=self._is_new)
        cases = _mailed(repeats, "reorder")
        yield _row("email", "reorder: repeats of the next order", cases, among=self._is_known)
        cases = _mailed(following, "cross_sell")
        yield _row("email", "cross_sell: other products of the next order", cases, "last order")

    def _of_visits(self) -> Iterator[Questions]:
        looks = looks_of(self.history, self.cut)
        every = list(view_cases(looks, self.history.product_ids))
        if not every:
            return
        visit = np.cumsum([len(case.request.shopper.viewed) == 1 for case in every]).astype(np.int64)  # type: ignore[union-attr]
        rows = self._some(np.arange(len(every)), self.settings.evaluation_cases)
        live = [_at(every[row], "home") for row in rows]
        yield Questions("home", "the next view of a visit", "mrr@20", live, visit[rows], "views")
        pages = np.array([self._page(case) for case in every])
        same = np.flatnonzero(
            [self._same(page)[case.truth[0]] for page, case in zip(pages, every, strict=True)]
        )
        rows = self._some(same, self.settings.evaluation_cases)
        cases = [
            self._product_page("product_similar", int(pages[row]), every[row].truth, every[row].request.now)
            for row in rows
        ]
        judged = "views of its kind next in a visit"
        yield Questions(
            "product_similar", judged, "mrr@10", cases, visit[rows], "page", among=self._like_page
        )

    def _of_products(self) -> Iterator[Questions]:
        """Precision by kind, of the products that sold before."""
        sold = np.flatnonzero((self.bundle.tables.product.buyers > 0) & (self.kind >= 0))
        shared = sold[np.bincount(self.kind[sold])[self.kind[sold]] > 1] if len(sold) else sold
        chosen, price = self._some(shared, PRODUCT_PAGES), self.bundle.tables.product.price
        pages = [
            self._product_page("product_similar", int(item), np.flatnonzero(self._same(item)))
            for item in chosen
        ]
        owner = np.arange(len(pages))
        yield Questions("product_similar", "of the same kind", "precision@10", pages, owner, "page")
        better = [
            self._product_page(
                "upgrade", int(item), np.flatnonzero(self._same(item) & (price >= STEP_UP * price[item]))
            )
            for item in chosen
            if price[item] > 0
        ]
        yield Questions(
            "upgrade", "dearer, of the same kind", "precision@10", better, owner[: len(better)], "page"
        )

    def _of_orders(self) -> Iterator[Questions]:
        sizes = np.bincount(self.late.order) if len(self.late) else np.zeros(0, np.int64)
        some = self._some(np.flatnonzero(sizes > 1), self.settings.evaluation_cases)
        lines = self.late.where(np.isin(self.late.order, some))
        carts = [_at(case, "cart") for case in hidden_products(self.history, lines, self.settings.seed)]
        yield _row("cart", "a hidden product of the order", carts, "cart", "hr@10")
        if not len(self.history.visits):
            yield self._with_page("product_similar", "others of its kind in the order", lines, of_kind=True)
        yield self._with_page("product_complements", "other kinds in the order", lines, of_kind=False)
        first = self.late.where(self.late.timestamp < self.cut + FIRST_DAYS * DAY_S)
        chosen = self._some(np.unique(first.order), self.settings.evaluation_cases)
        orders = [order.item for order in orders_of(first.where(np.isin(first.order, chosen)))]
        yield self._at_cut("trending", "orders of the week after", orders)
        newest = self.bundle.tables.newest.items
        new = [items[np.isin(items, newest)] for items in orders]
        yield self._at_cut(
            "new", "new products in orders of the week after", [each for each in new if len(each)]
        )

    def _with_page(self, placement: Placement, judged: str, lines: OrderLines, *, of_kind: bool) -> Questions:
        """A product of each order, drawn at random, and the others of it, of its kind or of other kinds."""
        rng, cases = np.random.default_rng(self.settings.seed), list[Case]()
        for order in orders_of(lines):
            page = int(rng.choice(order.item))
            wanted = order.item[(self._same(page)[order.item] == of_kind) & (order.item != page)]
            if len(wanted):
                cases.append(self._product_page(placement, page, wanted, float(order.timestamp[0])))
        among = self._like_page if of_kind else self._unlike_page
        return _row(placement, judged, cases, "page")._replace(among=among)

    def _at_cut(self, placement: Placement, judged: str, orders: Sequence[NDArray[np.int32]]) -> Questions:
        request = Request(placement, now=float(self.cut), in_stock=False)
        return _row(placement, judged, [Case(request, items) for items in orders], "nothing")

    def _product_page(
        self, placement: Placement, item: int, truth: NDArray[np.integer], now: float | None = None
    ) -> Case:
        name, now = self.history.product_ids[item], float(self.cut) if now is None else now
        return Case(Request(placement, now=now, product_id=name, in_stock=False), truth.astype(np.int32))

    def _of_truth(self, *, known: bool) -> list[Case]:
        """The next orders, of their products only the known or the new ones."""
        cases = (
            case._replace(truth=case.truth[np.isin(case.truth, familiar(self.bundle, case)) == known])
            for case in self.next_orders
        )
        return [case for case in cases if len(case.truth)]

    def _page(self, case: Case) -> int:
        return self.bundle.tables.products.row(case.request.product_id)

    def _same(self, item: int | np.integer) -> Bools:
        """(n_items): other products of its kind; none where that is not known."""
        same = np.asarray((self.kind == self.kind[item]) & (self.kind[item] >= 0))
        same[item] = False
        return same

    def _like_page(self, situation: Situation) -> Bools:
        return self._same(situation.product)

    def _unlike_page(self, situation: Situation) -> Bools:
        return ~self._same(situation.product)

    def _is_known(self, situation: Situation) -> Bools:
        known = np.zeros(len(self.kind), np.bool_)
        known[situation.purchases.items] = True
        return known

    def _is_new(self, situation: Situation) -> Bools:
        return ~self._is_known(situation)

    def _some(self, rows: NDArray[np.integer], at_most: int) -> NDArray[np.int64]:
        """A fair sample, in order."""
        drawn = np.random.default_rng(self.settings.seed).permutation(rows)[:at_most]
        return np.sort(drawn).astype(np.int64)


def _row(
    placement: str,
    judged: str,
    cases: Sequence[Case],
    anchors: str = "history",
    measure: str = "ndcg@10_full",
    kept: Kept | None = None,
    among: Kept | None = None,
) -> Questions:
    """A question a customer or order, each at a placement."""
    asked = [_at(case, placement) for case in cases]
    return Questions(placement, judged, measure, asked, np.arange(len(asked)), anchors, kept, among)


def _mailed(cases: Sequence[Case], campaign: Campaign) -> list[Case]:
    return [_at(case, "email", campaign=campaign) for case in cases]


def _at(case: Case, placement: str, **changes: object) -> Case:
    """The case at another placement; what was in stock then is not known."""
    return case._replace(
        request=structs.replace(case.request, placement=placement, in_stock=False, **changes)
    )


def _without(case: Case, items: Int32s) -> Case:
    return case._replace(truth=case.truth[~np.isin(case.truth, items)])
