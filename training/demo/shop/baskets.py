"""The contents of a basket: due refills, products to the customer's taste, and their complements."""

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from training.demo.shop.catalogue import Product
from training.demo.shop.people import BASKET_SHAPE, Habit, SimulatedCustomer
from training.demo.shop.relations import Relations
from training.demo.shop.season import DEMAND, HISTORY_DAYS, Calendar
from training.demo.shop.trials import ShopTrials

MOST_LINES = 8
TRENDING_PRODUCTS, TRENDING_DAYS, TRENDING_SHARE = 12, 21, 0.1
EARLY = 0.2  # of a refill's interval: how long before its due day it may be bought along with an order
HABIT_GAP = 100.0  # days between orders beyond which nobody keeps a habit
MOST_PACKS = 4

BasketRows = dict[int, int]  # catalogue row -> packs


@dataclass(slots=True)
class _Cell:
    """One quality of one category: rows and their cumulative popularity."""

    rows: list[int]
    weights: list[float]


class Assortment:
    """The products on sale, from which baskets are drawn. All randomness comes from `dice`."""

    def __init__(
        self, products: list[Product], relations: Relations, calendar: Calendar, dice: Random
    ) -> None:
        self.products, self.relations, self.calendar, self.dice = products, relations, calendar, dice
        self.trials = ShopTrials(calendar)
        self.categories = list(dict.fromkeys(product.category for product in products))
        self.launched = [calendar.day(product.launched) for product in products]
        self._cells = [[self._cell(name, step) for step in range(3)] for name in self.categories]
        self._demand = [DEMAND.get(name, (1.0,) * 12) for name in self.categories]
        on_sale = [row for row, day in enumerate(self.launched) if day < HISTORY_DAYS - TRENDING_DAYS]
        self.trending = dice.sample(on_sale, min(TRENDING_PRODUCTS, len(on_sale)))

    def _cell(self, category: str, step: int) -> _Cell:
        rows = [r for r, p in enumerate(self.products) if p.category == category and p.step == step]
        return _Cell(rows, list(accumulate(self.products[row].popularity for row in rows)))

    def draw(self, customer: SimulatedCustomer, day: float) -> int:
        """One product that is on sale by then, to this customer's taste."""
        random = self.dice.random
        if HISTORY_DAYS - TRENDING_DAYS < day < HISTORY_DAYS and random() < TRENDING_SHARE:
            return self.dice.choice(self.trending)
        month = self.calendar.months[int(day)] - 1
        while True:
            category = bisect(customer.categories, random() * customer.categories[-1])
            cell = self._cells[category][bisect(customer.steps, random() * customer.steps[-1])]
            if not cell.rows or random() > self._demand[category][month]:
                continue
            row = cell.rows[bisect(cell.weights, random() * cell.weights[-1])]
            liked = self.products[row].type_id in customer.liked or random() < 0.2
            if liked and self.launched[row] <= day:
                return row

    def fill(self, customer: SimulatedCustomer, day: float) -> BasketRows:
        """Refills that are due, then picks and what goes with them, until this visit's budget is spent."""
        basket: BasketRows = {}
        budget = self.dice.gammavariate(BASKET_SHAPE, customer.spend / BASKET_SHAPE)
        self._add_due(basket, customer, day)
        while len(basket) < MOST_LINES and (not basket or self._value(basket) < 0.75 * budget):
            row = self._affordable(customer, day, 1.3 * (budget - self._value(basket)))
            if not self._has(customer, basket, row):
                self._pick(basket, customer, row, day)
        return basket

    def _affordable(self, customer: SimulatedCustomer, day: float, limit: float) -> int:
        """The first of six draws within the limit, else the cheapest of them."""
        rows = []
        for _ in range(6):
            rows.append(self.draw(customer, day))
            if self.products[rows[-1]].price <= limit:
                return rows[-1]
        return min(rows, key=lambda row: self.products[row].price)

    def _pick(self, basket: BasketRows, customer: SimulatedCustomer, row: int, day: float) -> None:
        self._add(basket, customer, row, day)
        self._add_complements(basket, customer, row, day, 1.0)

    def _add_complements(
        self, basket: BasketRows, customer: SimulatedCustomer, row: int, day: float, share: float
    ) -> None:
        for other, chance in self.relations.complements[row]:
            wanted = self.dice.random() < chance * share and self.launched[other] <= day
            if wanted and not self._has(customer, basket, other):
                self._add(basket, customer, other, day)

    def _has(self, customer: SimulatedCustomer, basket: BasketRows, row: int) -> bool:
        """Whether it is in the basket, owned, or bought as a refill anyway."""
        return row in basket or row in customer.owned or any(refill.row == row for refill in customer.refills)

    def _add(self, basket: BasketRows, customer: SimulatedCustomer, row: int, day: float) -> None:
        basket[row] = 2 if self.products[row].price < 15 and self.dice.random() < 0.12 else 1
        if self.products[row].refill_days is None:
            customer.owned.add(row)
        else:
            self._maybe_form_habit(basket, customer, row, day)

    def _maybe_form_habit(
        self, basket: BasketRows, customer: SimulatedCustomer, row: int, day: float
    ) -> None:
        """Frequent customers may form a habit, with enough packs to last until their next order."""
        gap, lasts = 1 / customer.rate, (self.products[row].refill_days or 0) * customer.pace
        packs = max(1, round(1.15 * gap / lasts))
        if gap > HABIT_GAP or packs > MOST_PACKS or len(customer.refills) >= 3 or self.dice.random() > 0.6:
            return
        basket[row] = packs
        customer.refills.append(Habit(row, packs, packs * lasts, day + packs * lasts))

    def _add_due(self, basket: BasketRows, customer: SimulatedCustomer, day: float) -> None:
        for refill in customer.refills:
            if refill.due - day <= EARLY * refill.every and self.dice.random() < 0.95:
                basket[refill.row] = refill.quantity
                refill.due = day + refill.every
        for row in list(basket):
            self._add_complements(basket, customer, row, day, 0.3)

    def _value(self, basket: BasketRows) -> float:
        return sum(self.products[row].price * packs for row, packs in basket.items())
