"""The definition of every figure, shown in reports, on pages and in the documentation."""

from typing import Literal, NamedTuple

Unit = Literal["count", "number", "money", "share", "days", "ratio", "date", "text"]

MIN_LTV_TO_CAC = 3.0
"""LTV:CAC from which a channel is considered profitable, by the usual rule of thumb of 3:1."""


class Definition(NamedTuple):
    """A figure's label, its unit, and how it is calculated."""

    label: str
    unit: Unit
    text: str


DEFINITIONS: dict[str, Definition] = {
    "customers": Definition("Customers", "count", "Known customers with an order that stood."),
    "new_customers": Definition("New customers", "count", "Customers whose first order lies in this time."),
    "orders": Definition(
        "Orders", "count", "Orders that stood: those cancelled, sent back or paid back in full are out."
    ),
    "revenue": Definition(
        "Revenue",
        "money",
        "Quantity times unit price of what was kept, less discounts and sums paid back; without postage, "
        "fees and vouchers.",
    ),
    "revenue_share": Definition("Share of revenue", "share", "Of the revenue of this table."),
    "customer_share": Definition("Share of customers", "share", "Of the customers of this table."),
    "aov": Definition("Average order value", "money", "Revenue over orders."),
    "refunded_share": Definition(
        "Given back", "share", "Value of refunds and cancellations over the value of everything ordered."
    ),
    "repeat_rate": Definition("Repeat rate", "share", "Customers with two orders or more, over customers."),
    "purchase_frequency": Definition(
        "Purchase frequency",
        "number",
        "Orders of known customers in the last 365 days, over those customers.",
    ),
    "days_between_orders": Definition(
        "Time between orders", "days", "Median days from an order to the same customer's next."
    ),
    "returning_share": Definition(
        "From returning customers",
        "share",
        "Revenue of orders that were not the customer's first, over revenue of known customers.",
    ),
    "attach_rate": Definition(
        "Attach rate", "share", "Orders with two different products or more, over orders."
    ),
    "discounted_share": Definition("Orders with a discount", "share", "Orders with a discount or a coupon."),
    "guest_share": Definition("Orders of guests", "share", "Orders that belong to no known customer."),
    "ltv": Definition("LTV so far", "money", "Revenue of known customers so far, over their number."),
    "ltv_predicted_365d": Definition(
        "LTV, next 365 days",
        "money",
        "Revenue expected of a customer in the next 365 days: the customer-value model's mean.",
    ),
    "predicted_365d": Definition(
        "Expected, next 365 days", "money", "Revenue expected in the next 365 days: the value model's sum."
    ),
    "predicted_low": Definition("Expected, low", "money", "Lower end of the 90 % interval of that."),
    "predicted_high": Definition("Expected, high", "money", "Upper end of the 90 % interval of that."),
    "expected_orders_90d": Definition(
        "Orders, next 90 days", "number", "Orders expected in the next 90 days: the customer-value model's."
    ),
    "p_alive": Definition("Still a customer", "share", "Chance that they have not left for good."),
    "churn_risk": Definition(
        "Churn risk",
        "share",
        "Share of the orders expected after the last one that is no longer: 0 right after an order.",
    ),
    "spend": Definition("Spending", "money", "What the channel cost, from `perennial import costs`."),
    "cac": Definition(
        "CAC", "money", "Spending over new customers of the channel, in the months with known spending."
    ),
    "ltv_to_cac": Definition(
        "LTV:CAC",
        "ratio",
        "What those new customers brought so far (margin where costs of 90 % of revenue are known, else "
        "revenue), over CAC.",
    ),
    "ltv_to_cac_predicted": Definition(
        "LTV:CAC in a year", "ratio", "The same with the next 365 days as predicted on top."
    ),
    "verdict": Definition("Verdict", "text", "pays: LTV:CAC of 3 or more; loses: below 1; else thin."),
    "revenue_90d": Definition("90 days", "money", "Revenue a customer within 90 days of the first order."),
    "revenue_180d": Definition("180 days", "money", "Revenue a customer within 180 days of the first order."),
    "revenue_365d": Definition("365 days", "money", "Revenue a customer within 365 days of the first order."),
    "recency_days": Definition(
        "Days since last order", "days", "From the last order to the day of the figures."
    ),
    "last_order": Definition("Last order", "date", "Day of the newest order that stood."),
    "month": Definition("Month", "date", "Calendar month, UTC."),
    "cohort": Definition("First order in", "date", "Calendar month of the first order, UTC."),
    "channel": Definition(
        "Channel",
        "text",
        "Source (and medium, where sent) of the first visit or order that told one, up to the first order; "
        "else `direct`.",
    ),
    "first_product": Definition("First product", "text", "Dearest line of the customer's first order."),
    "segment": Definition(
        "Segment", "text", "By number of orders and how overdue the next one is; see the rules."
    ),
    "meaning": Definition("Who", "text", "The segment's rule."),
    "advice": Definition("What to do", "text", "What usually helps."),
    "tier": Definition("Tier", "text", "Loyalty tier, by the thresholds of tiers.json."),
    "near_next": Definition("Near the next", "count", "Customers who have 80 % of the way behind them."),
    "vips": Definition("VIPs", "count", "Customers who are VIP."),
    "vip": Definition(
        "VIP", "text", "Two orders or more, and among the twentieth of customers who brought most."
    ),
    "band": Definition("Customers by prediction", "text", "Sorted by expected revenue, best first."),
    "category": Definition("Category", "text", "Of the catalogue."),
    "brand": Definition("Brand", "text", "Of the catalogue."),
    "price_band": Definition(
        "Price band", "text", "A product's price among those of its category: lower, middle or upper third."
    ),
    "discount_use": Definition(
        "Discounts", "text", "How many of a customer's orders had a discount or coupon."
    ),
    "product": Definition("Product", "text", "Its title, or the shop's id."),
    "told": Definition("In words", "text", "What a price a tenth lower does to orders."),
    "why": Definition("Why", "text", "What the verdict rests on."),
    "weeks": Definition("Weeks", "count", "Weeks on sale that were looked at."),
    "priced_products": Definition("Products", "count", "Products sold, the 5,000 of most revenue at most."),
    "moved_products": Definition(
        "Prices that moved",
        "count",
        "Products at least 3 % off their usual price in three weeks or more, and at it in three or more.",
    ),
    "telling_products": Definition(
        "Known well enough",
        "count",
        "Of these, those of which the data tells which way sales go, or how much.",
    ),
    "price_response": Definition(
        "Price response",
        "number",
        "Per cent of orders a per cent of price (elasticity), beside what the whole shop sold that week; "
        "pulled towards the category's and the shop's as far as the product itself says little.",
    ),
    "response_low": Definition("From", "number", "Lower end of its 95 % interval."),
    "response_high": Definition("To", "number", "Upper end of its 95 % interval."),
    "usual_price": Definition("Usual price", "money", "Median of the weeks' prices paid."),
    "depth": Definition("Depth", "share", "Share of the usual price taken off."),
    "break_even": Definition(
        "Pays from", "number", "The price response from which this discount earns: a steeper one than that."
    ),
    "gained": Definition(
        "Earned", "money", "Margin of the discounted weeks, less what the usual price would have brought."
    ),
    "gained_low": Definition("At least", "money", "Lower end of its 95 % interval."),
    "gained_high": Definition("At most", "money", "Upper end of its 95 % interval."),
    "discount_verdict": Definition(
        "Verdict", "text", "Earned, or gave margin away, where the whole interval says so; else undecided."
    ),
    "discounts_earned": Definition(
        "Earned by discounts", "money", "Sum over the discounts that surely earned."
    ),
    "discounts_gave_away": Definition(
        "Given away", "money", "Sum over the discounts that surely gave margin away."
    ),
    "discounts_unclear": Definition(
        "Discounts undecided", "count", "Those of which the data cannot tell, or whose cost is unknown."
    ),
    "coupon": Definition("Coupon", "text", "The code of the order."),
    "given": Definition("Given", "money", "Discounts of these orders."),
    "margin_left": Definition("Margin left", "money", "After the discount; known costs stand for all lines."),
    "needed_share": Definition(
        "Pays from", "share", "Orders that must have come because of it, of all with it, for it to pay."
    ),
    "policy": Definition("Policy", "text", "Who would have got what."),
    "ess": Definition(
        "Counts as", "count", "Effective sample size (Kish): so many decisions of that policy say as much."
    ),
    "ips": Definition("IPS", "money", "Margin a decision, each weighed by one over its propensity."),
    "snips": Definition("SNIPS", "money", "The same over the sum of the weights: less noise."),
    "dr": Definition("DR", "money", "Doubly robust: a model's margin, put right where the log disagrees."),
    "dr_low": Definition("From", "money", "Lower end of its 95 % interval."),
    "dr_high": Definition("To", "money", "Upper end of its 95 % interval."),
    "above_none": Definition("Above no offer", "money", "DR less that of no offer for anybody, a decision."),
    "above_low": Definition("From", "money", "Lower end of its 95 % interval."),
    "above_high": Definition("To", "money", "Upper end of its 95 % interval."),
    "policy_verdict": Definition("Verdict", "text", "Where the whole interval is on one side of 0."),
    "decisions": Definition("Decisions", "count", "Answers of POST /v1/offers, no offer among them."),
    "finished": Definition("Finished", "count", "Decisions 14 days old or more, a customer's apart."),
    "offers_given": Definition("Got an offer", "share", "Decisions that were an offer."),
    "explored": Definition("Tried out", "share", "Decisions left to chance, to learn from."),
    "offer": Definition("Offer", "text", "Its id in the catalogue."),
    "share": Definition("Share", "share", "Of all decisions."),
    "served_share": Definition("As it was", "share", "Mean chance of it when these were decided."),
    "new_share": Definition("New", "share", "Mean chance of it under the new catalogue."),
    "mean_propensity": Definition("Mean propensity", "share", "Chance that it had where it was given."),
    "least_propensity": Definition("Least propensity", "share", "Smallest chance that a decision had."),
    "taken": Definition("Ordered", "share", "Finished decisions with an order within 14 days."),
    "margin_a_decision": Definition(
        "Margin a decision", "money", "Margin within 14 days after it, less the offer's cost."
    ),
    "offers_earned": Definition(
        "Earned by offers", "money", "Finished decisions, above no offer for anybody (doubly robust)."
    ),
    "offers_earned_low": Definition("At least", "money", "Lower end of its 95 % interval."),
    "offers_earned_high": Definition("At most", "money", "Upper end of its 95 % interval."),
    "customers_asked": Definition("Customers asked about", "count", "Different ones."),
    "best_expected": Definition("Best expected", "money", "Mean of what the best arm was believed to bring."),
    "stage": Definition("How", "text", "What was known when it was decided."),
    "budget": Definition("Budget", "text", "Its id in the catalogue."),
    "budget_amount": Definition("Amount", "money", "What it holds in all."),
    "budget_spent": Definition("Promised", "money", "Charged in full with each promise, used or not."),
    "budget_left": Definition("Left", "money", "What may still be promised."),
    "budget_price": Definition(
        "Price",
        "number",
        "What a promise must bring beyond its cost, a unit of money from it, so that the budget lasts.",
    ),
    "budget_until": Definition("Until", "text", "When it closes."),
    "measure": Definition("Measure", "text", "Task and metric."),
    "value": Definition("Value", "number", "On the shop's own last weeks."),
    "version": Definition("Version", "text", "Of the model."),
    "trained_on": Definition("Trained on", "date", "Day of the training."),
    "serves": Definition("", "text", "Which one answers."),
    "model_orders": Definition("Orders learned from", "count", "In the history that it was trained on."),
    "model_customers": Definition("Customers known", "count", "With an order in that history."),
    "model_products": Definition("Products", "count", "That it may recommend."),
    "brings": Definition("Brings", "money", "Believed incremental margin of a decision: the middle world."),
    "brings_low": Definition("From", "money", "Lower end of its 90 % interval."),
    "brings_high": Definition("To", "money", "Upper end of its 90 % interval."),
    "customer_id": Definition("Customer", "text", "The shop's own id."),
    "earned_margin": Definition(
        "Earned in 30 days",
        "money",
        "Margin of the last 30 days above what the same visitors would have brought without Perennial, by "
        "those who are held out; with the ends of 95 %.",
    ),
    "earned_revenue": Definition("Revenue earned in 30 days", "money", "The same, of revenue."),
    "earned_margin_since": Definition("Earned so far", "money", "The same margin since the holdout began."),
    "earned_revenue_since": Definition("Revenue earned so far", "money", "The same since the holdout began."),
    "earned_share": Definition(
        "Above without Perennial", "share", "What was earned so far over what would have come without."
    ),
    "held_out_visitors": Definition(
        "Held out", "count", "Customers and visitors who get best sellers, no offers and no promotion."
    ),
    "treated_visitors": Definition("Not held out", "count", "All other customers and visitors since then."),
    "arm": Definition("Arm", "text", "What its visitors got; the first arm is the control."),
    "visitors": Definition(
        "Visitors", "count", "Customers' ids, else browsers', that were served; each once, in its first arm."
    ),
    "planned_share": Definition("Planned", "share", "Share of visitors by the arms' weights."),
    "revenue_per_visitor": Definition(
        "Revenue a visitor", "money", "Of orders after a visitor was first served, refunds taken off."
    ),
    "margin_per_visitor": Definition("Margin a visitor", "money", "The same less what the goods cost."),
    "orders_per_visitor": Definition("Orders a visitor", "number", "Orders after they were first served."),
    "revenue_per_order": Definition("Revenue an order", "money", "Revenue over orders, of the same orders."),
    "repeat_per_buyer": Definition(
        "Ordered again", "share", "Visitors with two orders or more since, over those with any."
    ),
    "ltv_per_visitor": Definition(
        "Expected a visitor", "money", "Revenue expected of the visitor in the next 365 days."
    ),
    "recommended_per_visitor": Definition(
        "Through recommendations", "money", "Revenue a visitor of lines that name an answer they came from."
    ),
    "minimum_detectable": Definition(
        "Could be shown", "share", "The smallest relative difference that so many visitors could have shown."
    ),
    "compared": Definition("Compared", "text", "What is compared with the control's."),
    "lift": Definition("Difference", "share", "Relative to the control, the weeks before taken out (CUPED)."),
    "lift_low": Definition("At least", "share", "Lower end of 95 %, however often one looks."),
    "lift_high": Definition("At most", "share", "Upper end of 95 %, however often one looks."),
    "p_value": Definition("p", "number", "Chance of so much evidence where there is no difference."),
}


def figures_page() -> str:
    """docs/figures.md."""
    rows = "".join(f"| {each.label} | `{name}` | {each.text} |\n" for name, each in DEFINITIONS.items())
    return (
        "# Figures\n\nGenerated by `perennial docs` from the table that reports and pages use.\n\n"
        f"| figure | name | definition |\n| --- | --- | --- |\n{rows}"
    )
