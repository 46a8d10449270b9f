"""Customers: segments with what to do, cohorts, channels, and a segment as a file."""

from pathlib import Path

import httpx
import pytest
from sales import sale, shop_of
from small_customers import bundle_with_customers

from features.home import Home
from features.insights.report_files import write_report
from training.reports.build import build_report

from bundles import write_small

PAGE = "/console/customers"


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann and bob."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def test_before_any_order_it_says_what_to_do_first(console: httpx.Client) -> None:
    assert "No customers yet" in console.get(PAGE).text


def test_segments_cohorts_and_channels(console: httpx.Client, served_home: Home) -> None:
    events = [sale(f"o-{n}", f"c-{n}", "04-20") for n in range(5)] + [sale("o-9", "c-1", "06-20")]
    shop = shop_of(served_home, events)
    for name in ("segments", "cohorts", "channels"):
        write_report(served_home, build_report(shop, name))
    page = console.get(PAGE, headers={"Accept-Language": "de"}).text
    for shown in (
        "Einmalig",
        "Ein guter Grund wiederzukommen",
        "Wer wieder bestellt hat",
        "2026-04",
        "Kanäle",
    ):
        assert shown in page, shown
    assert "segment.csv?name=at%20risk" not in page  # nobody is in it
    assert "segment.csv?name=new&amp;agreed=true" in page


def test_a_segment_as_a_file(console: httpx.Client, http: httpx.Client) -> None:
    segment = http.get("/v1/customers/ann").json()["segment"]
    file = console.get(f"{PAGE}/segment.csv", params={"name": segment})
    assert file.headers["content-disposition"] == f'attachment; filename="{segment.replace(" ", "-")}.csv"'
    assert "\nann,5,60.0,EUR," in file.text
    assert console.get(f"{PAGE}/segment.csv", params={"name": "nobody"}).status_code == 422
