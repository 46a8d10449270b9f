"""Channels: who came from where, what they cost, whether that pays."""

from typing import Any

import polars as pl
import pytest
from sales import at, sale, shop_of

from features.catalogue.channel_costs import merge_costs
from features.events.vocabulary import Event
from features.home import Home
from features.insights.report import Part
from training.reports.channels import channel_verdict, channels

from factories import event


def came(customer: str, source: str, day: str, **context: Any) -> Event:
    return event("view", at=at(day), customer_id=customer, context={"utm_source": source, **context})


def spend(home: Home, *rows: tuple[str, str, float]) -> None:
    names = ("date", "channel", "spend")
    table = pl.DataFrame(
        [dict(zip(names, row, strict=True)) for row in rows], schema_overrides={"spend": pl.Float64}
    )
    merge_costs(home, table.with_columns(pl.col("date").str.to_date(), currency=pl.lit("")))


def rows(part: Part) -> dict[Any, dict[str, Any]]:
    (table,) = part.tables
    names = [column.name for column in table.columns]
    return {row[0]: dict(zip(names, row, strict=True)) for row in table.rows}


EVENTS = [
    came("ann", "google", "05-01", utm_medium="cpc"),
    came("ann", "newsletter", "05-02"),
    sale("o-1", "ann", "05-03", ("tea", 10, 10.0)),
    came("bob", "google", "05-05", utm_medium="cpc"),
    sale("o-2", "bob", "05-06", ("tea", 5, 10.0)),
    sale("o-3", "cat", "05-07"),
    came("cat", "newsletter", "05-20"),  # after the first order: it did not bring her
    sale("o-4", "dan", "04-07", context={"utm_source": "Instagram"}),
]


def test_a_customer_belongs_to_the_first_source_up_to_the_first_order(home: Home) -> None:
    shop = shop_of(home, EVENTS)
    assert shop.customers.select("customer", "channel").rows() == [
        ("ann", "google / cpc"),
        ("bob", "google / cpc"),
        ("cat", "direct"),
        ("dan", "Instagram"),
    ]


def test_a_browser_s_first_visit_counts_for_whom_it_turned_out_to_be(home: Home) -> None:
    events = [
        event("view", at=at("05-01"), anonymous_id="b-1", context={"utm_source": "partner"}),
        event("identify", at=at("05-02"), anonymous_id="b-1", customer_id="eve"),
        sale("o-9", "eve", "05-03"),
    ]
    assert shop_of(home, events).customers["channel"].to_list() == ["partner"]


def test_cac_and_ltv_by_hand(home: Home) -> None:
    spend(
        home,
        ("2026-05-01", "google / cpc", 30.0),
        ("2026-05-09", "Google / CPC", 10.0),
        ("2026-05-01", "radio", 9.0),
    )
    part = channels(shop_of(home, EVENTS, tea={"cost": 6.0}), "EUR")
    by_channel = rows(part)
    google = by_channel["google / cpc"]
    assert (google["customers"], google["new_customers"], google["spend"], google["cac"]) == (
        2,
        2,
        40.0,
        20.0,
    )
    assert google["ltv"] == 75.0
    assert google["ltv_to_cac"] == pytest.approx(150 * 0.4 / 40)  # a margin of 40 %
    assert google["verdict"] == "thin"
    assert google["ltv_to_cac_predicted"] > google["ltv_to_cac"]
    assert (
        by_channel["radio"]["customers"],
        by_channel["radio"]["cac"],
        by_channel["radio"]["verdict"],
    ) == (
        0,
        None,
        "loses",
    )
    assert (by_channel["Instagram"]["spend"], by_channel["Instagram"]["verdict"]) == (None, None)
    shop = {each.name: each.value for each in part.figures}
    assert shop["spend"] == 49.0
    assert shop["cac"] == pytest.approx(49 / 3, abs=1e-6)  # ann, bob and cat were new in May
    assert "40%" in part.tables[0].text


def test_without_spending_the_report_says_how_to_import_it(home: Home) -> None:
    part = channels(shop_of(home, EVENTS), "EUR")
    assert "perennial import costs" in part.tables[0].text
    assert {each.value for each in part.figures} == {None}


@pytest.mark.parametrize(
    ("ratio", "cost", "word"),
    [(3.0, 9.0, "pays"), (2.99, 9.0, "thin"), (0.99, 9.0, "loses"), (None, 0.0, "free"), (None, None, None)],
)
def test_three_to_one_pays(ratio: float | None, cost: float | None, word: str | None) -> None:
    assert channel_verdict(ratio, cost) == word


def test_codes_are_channels_too(home: Home) -> None:
    events = [
        came("ann", "google", "05-01", influencer_code="lena"),
        came("bob", "newsletter", "05-01", referral_code="ANN-7F"),
        event("view", at=at("05-01"), customer_id="cat", context={"referral_code": "BOB-11"}),
        event("coupon", at=at("05-01"), customer_id="dan", properties={"code": "spring"}),
        came("eve", "google", "05-01"),  # came before she found the coupon
        *[sale(f"o-{name}", name, "05-03", coupon="Spring ") for name in ("dan", "eve", "fay", "guy")],
        sale("o-hal", "hal", "05-03", coupon="ONLY-FOR-HAL"),
        sale("o-ida", "ida", "05-03", coupon=" "),
        *[sale(f"o-{name}", name, "05-03") for name in ("ann", "bob", "cat")],
    ]
    shop = shop_of(home, events)
    assert dict(shop.customers.select("customer", "channel").rows()) == {
        "ann": "influencer / lena",
        "bob": "referral",
        "cat": "referral",
        "dan": "coupon / SPRING",
        "eve": "google",
        "fay": "coupon / SPRING",
        "guy": "coupon / SPRING",
        "hal": "coupon",
        "ida": "direct",
    }
    spend(home, ("2026-05-01", "coupon / spring", 10.0))
    by_channel = rows(channels(shop_of(home, []), None))
    assert by_channel["coupon / SPRING"]["customers"] == 3
    assert by_channel["coupon / SPRING"]["cac"] == pytest.approx(10 / 3)
