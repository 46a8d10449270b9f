"""The customers of a segment as a file."""

import csv
import io
from pathlib import Path

import httpx
import pytest
from small_customers import bundle_with_customers

from features.home import Home
from recommender.value.segments import SEGMENTS

from bundles import write_small


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann and bob."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def of(http: httpx.Client, segment: str, **query: str) -> list[dict[str, str]]:
    answer = http.get(f"/v1/segments/{segment}.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_each_customer_is_in_the_file_of_the_profile_s_segment(http: httpx.Client) -> None:
    rows = {segment.name: of(http, segment.name) for segment in SEGMENTS}
    assert sorted(row["customer_id"] for found in rows.values() for row in found) == ["ann", "bob"]
    profile = http.get("/v1/customers/ann").json()
    (ann,) = [row for row in rows[profile["segment"]] if row["customer_id"] == "ann"]
    assert (ann["orders"], ann["revenue"], ann["currency"], ann["consent"]) == ("5", "60.0", "EUR", "yes")
    assert float(ann["predicted_365d"]) == pytest.approx(profile["predicted_clv_365d"]["value"], abs=0.01)
    agreed = of(http, profile["segment"], agreed="true")
    assert [row["customer_id"] for row in agreed if row["customer_id"] == "ann"] == ["ann"]
    others = (row for segment in SEGMENTS for row in of(http, segment.name, agreed="true"))
    assert "bob" not in {row["customer_id"] for row in others}  # nobody knows whether he agreed


def test_whom_it_does_not_know(http: httpx.Client) -> None:
    assert http.get("/v1/segments/nobody.csv").status_code == 422
    assert http.get("/v1/segments/lost.csv", headers={"Authorization": "Bearer pk_demo"}).status_code == 403
