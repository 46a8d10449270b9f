"""From orders to events: visits that view, search, fill a cart, buy or leave."""

from random import Random

import msgspec

from features.events.vocabulary import EventContext, EventType, Order, OrderItem
from training.demo.shop.aftermath import note_aftermath
from training.demo.shop.baskets import Assortment
from training.demo.shop.customer_histories import SimulatedHistory, SimulatedOrder, postage
from training.demo.shop.journal import Journal, Visit
from training.demo.shop.people import SimulatedCustomer
from training.demo.shop.season import HISTORY_DAYS
from training.demo.shop.storefront import CURRENCY, GIFT_CARD, GIFT_CARD_PRICE, POSTAGE

MINUTE = 1 / 1_440
POSTAGE_AS_A_LINE_UNTIL = 365  # day up to which postage is written as a line of the order


class Clickstream:
    """Writes the visits of one customer after another into the journal."""

    def __init__(self, assortment: Assortment, journal: Journal) -> None:
        self._assortment, self._journal, self._dice = assortment, journal, assortment.dice
        self._orders = 0
        self._browsers = 0

    def write_history(self, history: SimulatedHistory) -> None:
        """All visits of a customer up to the history's end, with and without an order."""
        customer, browser = history.customer, self._new_browser()
        for number, order in enumerate(history.past):
            if number and self._dice.random() < 0.12:
                browser = self._new_browser()
            if self._dice.random() < (0.5 if number == 0 else 0.15):
                self._research(customer, browser, order, signed_in=number > 0)
            self._buy(customer, browser, order, first=number == 0)
        for day in self._idle_days(customer):
            signed_in = self._dice.random() < 0.7
            self.browse(customer, self._visit(customer, browser, day, signed_in))

    def write_stranger(self, like: SimulatedCustomer, number: int, day: float) -> None:
        """A visit of an anonymous browser with tastes like a customer's; a few buy as guests or subscribe."""
        visit = self._visit(like, self._new_browser(), day, signed_in=False, channel=like.channel)
        draw = self._dice.random()
        if draw < 0.05:
            self._buy_as_guest(like, visit)
            return
        self.browse(like, visit)
        if draw < 0.08:
            visit.customer_id = f"c-9{number:05d}"
            self._tick(visit)
            self._journal.note("identify", visit, properties={"reason": "newsletter sign-up"})
            self._journal.note("consent", visit, properties={"email": True})

    def browse(self, customer: SimulatedCustomer, visit: Visit, row: int | None = None) -> None:
        """Views from product to product: to other qualities, variants, complements, or another draw."""
        random = self._dice.random
        row = self._assortment.draw(customer, visit.day) if row is None else row
        if random() < 0.3:
            self._search(visit, row)
        while True:
            self._view(visit, row)
            if random() < 0.02:
                self._step("wishlist", visit, row)
            if random() > 0.68:
                break
            row = self._next(row, customer, visit.day)
        if random() < 0.13:
            self._abandon(visit, row)

    def _next(self, row: int, customer: SimulatedCustomer, day: float) -> int:
        draw, choice, relations = self._dice.random(), self._dice.choice, self._assortment.relations
        if draw < 0.36 and relations.ladder[row]:
            nearby = choice(relations.ladder[row])
        elif draw < 0.58 and relations.variants[row]:
            nearby = choice(relations.variants[row])
        elif draw < 0.8 and relations.complements[row]:
            nearby = choice(relations.complements[row])[0]
        else:
            nearby = self._assortment.draw(customer, day)
        return nearby if self._assortment.launched[nearby] <= day else self._assortment.draw(customer, day)

    def _abandon(self, visit: Visit, row: int) -> None:
        self._step("add_to_cart", visit, row)
        for other, chance in self._assortment.relations.complements[row]:
            if self._dice.random() < chance and self._assortment.launched[other] <= visit.day:
                self._step("add_to_cart", visit, other)
        if self._dice.random() < 0.3:
            self._tick(visit)
            self._journal.note("checkout", visit)

    def _research(
        self, customer: SimulatedCustomer, browser: str, order: SimulatedOrder, signed_in: bool
    ) -> None:
        day = order.day - 0.8 - 5 * self._dice.random()
        visit = self._visit(
            customer, browser, max(day, 0.0), signed_in, None if signed_in else customer.channel
        )
        self.browse(customer, visit, next(iter(order.basket)))

    def _buy(self, customer: SimulatedCustomer, browser: str, order: SimulatedOrder, first: bool) -> None:
        signed_in = not first and self._dice.random() < 0.65
        begin = order.day - MINUTE * (1 + 2.2 * len(order.basket))
        visit = self._visit(customer, browser, begin, signed_in, customer.channel if first else None)
        self._fill_cart(customer, visit, order)
        if visit.customer_id is None:
            visit.customer_id = customer.customer_id
            self._identify(customer, visit, first)
        visit.day = max(visit.day + 0.3 * MINUTE, order.day)
        sent = self._purchase(visit, order)
        note_aftermath(self._journal, self._dice, visit, sent)

    def _buy_as_guest(self, like: SimulatedCustomer, visit: Visit) -> None:
        row = self._assortment.draw(like, visit.day)
        basket = {row: 1}
        for other, chance in self._assortment.relations.complements[row]:
            if self._dice.random() < chance and self._assortment.launched[other] <= visit.day:
                basket[other] = 1
        prices = {r: self._assortment.products[r].price for r in basket}
        goods = round(sum(prices.values()), 2)
        order = SimulatedOrder(visit.day, basket, prices, 0.0, None, postage(goods), goods, 0.0, None)
        self._fill_cart(like, visit, order)
        self._tick(visit)
        self._purchase(visit, order)

    def _fill_cart(self, customer: SimulatedCustomer, visit: Visit, order: SimulatedOrder) -> None:
        random, refills = self._dice.random, {refill.row for refill in customer.refills}
        if random() < 0.35:
            self._search(visit, next(iter(order.basket)))
        for row, packs in order.basket.items():
            if row not in refills or random() < 0.5:
                self._compare(visit, row)
                self._view(visit, row)
            self._step("add_to_cart", visit, row, float(packs), order.prices[row])
        if random() < 0.07:
            unwanted = self._assortment.draw(customer, visit.day)
            if unwanted not in order.basket:
                self._view(visit, unwanted)
                self._step("add_to_cart", visit, unwanted)
                self._step("remove_from_cart", visit, unwanted)
        if order.coupon:
            self._tick(visit)
            self._journal.note("coupon", visit, properties={"code": order.coupon})
        self._tick(visit)
        self._journal.note("checkout", visit)

    def _compare(self, visit: Visit, row: int) -> None:
        relations = self._assortment.relations
        for others, chance in ((relations.ladder[row], 0.34), (relations.variants[row], 0.2)):
            if others and self._dice.random() < chance:
                other = self._dice.choice(others)
                if self._assortment.launched[other] <= visit.day:
                    self._view(visit, other)

    def _identify(self, customer: SimulatedCustomer, visit: Visit, first: bool) -> None:
        self._tick(visit)
        properties = {"birthday": customer.birthday} if first and customer.birthday else None
        self._journal.note("identify", visit, properties=properties)
        if first:
            self._tick(visit)
            self._journal.note("consent", visit, properties={"email": customer.consent})

    def _purchase(self, visit: Visit, order: SimulatedOrder) -> Order:
        self._orders += 1
        items = [
            OrderItem(self._assortment.products[row].product_id, float(packs), order.prices[row])
            for row, packs in order.basket.items()
        ]
        visitor = visit.customer_id or visit.anonymous_id
        if recommendation_id := self._assortment.trials.recommendation_of(
            visitor, visit.session_id, visit.day
        ):
            items[0] = msgspec.structs.replace(items[0], recommendation_id=recommendation_id)
        as_line = order.day < POSTAGE_AS_A_LINE_UNTIL and order.postage > 0
        if as_line:
            items.append(OrderItem(POSTAGE, 1.0, order.postage))
        if self._dice.random() < 0.008:
            items.append(OrderItem(GIFT_CARD, 1.0, GIFT_CARD_PRICE))
        sent = Order(
            order_id=f"o-{self._orders:06d}",
            items=tuple(items),
            currency=CURRENCY,
            discount=order.discount or None,
            coupon=order.coupon,
            shipping=None if as_line else order.postage,
        )
        self._journal.note("purchase", visit, order=sent)
        return sent

    def _idle_days(self, customer: SimulatedCustomer) -> list[float]:
        """Days of visits that buy nothing, from the first order until the customer leaves."""
        begin, end = max(0.0, customer.first), min(customer.leaves, HISTORY_DAYS)
        count = (0.9 * customer.rate + 0.007) * (end - begin)
        visits = int(count) + (self._dice.random() < count % 1)
        days = (begin + (end - begin) * self._dice.random() for _ in range(visits))
        return [self._assortment.calendar.at_an_hour(day, self._dice.random()) for day in days]

    def _visit(
        self,
        customer: SimulatedCustomer,
        browser: str,
        day: float,
        signed_in: bool,
        channel: str | None = None,
    ) -> Visit:
        source = channel or _return_source(self._dice, customer)
        context = EventContext(customer.country, customer.language, customer.device, source)
        customer_id = customer.customer_id if signed_in else None
        return Visit(day, customer_id, browser, self._journal.next_session(), context)

    def _new_browser(self) -> str:
        self._browsers += 1
        return f"a-{self._browsers:06d}"

    def _search(self, visit: Visit, row: int) -> None:
        self._tick(visit)
        self._journal.note("search", visit, query=self._assortment.products[row].type_id.replace("-", " "))

    def _view(self, visit: Visit, row: int) -> None:
        self._tick(visit)
        self._journal.note("view", visit, product_id=self._assortment.products[row].product_id)

    def _step(
        self, kind: EventType, visit: Visit, row: int, packs: float = 1.0, price: float | None = None
    ) -> None:
        self._tick(visit)
        product = self._assortment.products[row]
        price = product.price if price is None else price
        self._journal.note(kind, visit, product_id=product.product_id, quantity=packs, unit_price=price)

    def _tick(self, visit: Visit) -> None:
        visit.day += (0.1 + 0.8 * self._dice.random()) * MINUTE


def _return_source(dice: Random, customer: SimulatedCustomer) -> str | None:
    draw = dice.random()
    return "newsletter" if customer.consent and draw < 0.25 else "organic" if draw > 0.85 else None
