"""What every figure means: the one table that reports, pages and documentation show."""

from __future__ import annotations

from typing import Literal, NamedTuple

Unit = Literal["count", "number", "money", "share", "days", "ratio", "date", "text"]

WORTH_IT = 3.0
"""LTV:CAC from which a channel is taken to pay: the rule of thumb 3:1."""


class Definition(NamedTuple):
    """A figure's name for people, what it is counted in, and how it is worked out."""

    label: str
    unit: Unit
    text: str


DEFINITIONS: dict[str, Definition] = {
    "customers": Definition("Customers", "count", "Known customers with an order that stood."),
    "new_customers": Definition("New customers", "count", "Customers whose first order lies in this time."),
    "orders": Definition("Orders", "count", "Orders that stood: cancelled and wholly refunded ones are out."),
    "revenue": Definition(
        "Revenue",
        "money",
        "Quantity times unit price of what was kept, less discounts; without postage, fees and vouchers.",
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
