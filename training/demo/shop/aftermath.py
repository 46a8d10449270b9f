"""Events in the weeks after an order: refund or cancellation, review, survey, support ticket, referral."""

from random import Random

from features.events.vocabulary import Order
from training.demo.shop.journal import Journal, Visit
from training.demo.shop.storefront import CURRENCY

# Chances that each kind of event follows an order.
REFUNDED, CANCELLED, REVIEWED, SURVEYED, TICKETED, REFERRED = 0.035, 0.004, 0.09, 0.03, 0.012, 0.008
STARS, SURVEY_SCORES = (5, 4, 3, 2, 1), (10, 9, 8, 7, 5, 2)


def note_aftermath(journal: Journal, dice: Random, bought: Visit, order: Order) -> None:
    """Note each kind of event by its own chance; a refund is of the order's first line."""

    def after(days: float, spread: float) -> Visit:
        when = bought.day + days + spread * dice.random()
        return Visit(when, bought.customer_id, None, None, bought.context)

    if dice.random() < REFUNDED:
        back = Order(order_id=order.order_id, items=order.items[:1], currency=CURRENCY)
        refund_id = order.order_id.replace("o-", "r-")
        journal.note("refund", after(5, 12), order=back, properties={"refund_id": refund_id})
    elif dice.random() < CANCELLED:
        journal.note("cancel", after(0, 0.3), order=Order(order_id=order.order_id))
    if dice.random() < REVIEWED:
        stars = dice.choices(STARS, (58, 26, 9, 4, 3))[0]
        product_id = order.items[0].product_id
        journal.note("review", after(7, 14), product_id=product_id, properties={"rating": stars})
    if dice.random() < SURVEYED:
        score = dice.choices(SURVEY_SCORES, (30, 25, 20, 12, 8, 5))[0]
        journal.note("survey", after(6, 4), properties={"score": score})
    if dice.random() < TICKETED:
        topic = dice.choice(("delivery", "damaged", "question"))
        journal.note("ticket", after(1, 6), properties={"topic": topic})
    if dice.random() < REFERRED:
        journal.note("referral", after(0, 10), properties={"channel": "link"})
