"""Recommendations by placement, day and product."""

from datetime import UTC, datetime, timedelta

import httpx

from features.home import Home
from features.insights.recommendation_days import (
    DayTally,
    ProductsShown,
    RecommendationDays,
    Tally,
    write_recommendation_days,
)

PAGE = "/console/recommendations"
WHOLE = datetime.now(UTC).date() - timedelta(days=1)
TALLY = Tally(10, 80, 8, 4, 2, 40.0, 20.0, 1, 9, 800.0, 300.0, 320.0, 90.0, 160.0)
NOTHING = Tally(10, 80, 1, 0, 0, 0.0, 0.0, 0, 9, 800.0)
PRODUCTS = ProductsShown(28, 40, 30, [["Green tea", 60, 7, 2, 40.0]], [["Odd mug", 20, 0, 0, 0.0]], ["Jar"])


def test_before_anything_was_shown_it_says_what_to_do_first(console: httpx.Client) -> None:
    page = console.get(PAGE)
    assert page.status_code == 200
    assert "Put the widget on a page" in page.text


def test_placements_beside_the_holdout_days_and_products(console: httpx.Client, served_home: Home) -> None:
    days = [
        DayTally(WHOLE, "home", "visitors", TALLY),
        DayTally(WHOLE, "home", "held_out", NOTHING),
        DayTally(WHOLE, "cart", "nobody", NOTHING),
    ]
    known = RecommendationDays(WHOLE, WHOLE, WHOLE, "EUR", costed=True, days=days, products=[PRODUCTS])
    write_recommendation_days(served_home, known)
    page = console.get(PAGE).text
    for shown in ("Home page", "Cart", "€250.00", "held out: 1.2%", "Green tea", "Odd mug", "Jar", "75%"):
        assert shown in page, shown
    assert "placement=home" in page
    home = console.get(PAGE, params={"placement": "home", "days": 7}).text
    assert "All placements" in home
    assert "€500.00" in home  # of 1,000 shown at this placement alone
    assert "Products are counted for" in home
