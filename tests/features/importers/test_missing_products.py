"""Products gone from the feed are said, and retired where the shop says that it is whole."""

from datetime import timedelta

import pytest
from catalogues import products, take

from features.catalogue.products import live_fields
from features.home import Home
from features.importers.refusal import ImportRefused

from factories import NOW

HEADER = "id,title,link,price\n"
BOTH, ONE = HEADER + "A,Mug,/a,20\nB,Bowl,/b,20\n", HEADER + "A,Mug,/a,20\n"
LATER = NOW + timedelta(days=1)


def test_what_is_gone_is_said_with_the_command_that_retires_it(home: Home) -> None:
    assert take(home, BOTH).missing == 0
    summary = take(home, ONE, now=LATER)
    assert (summary.missing, summary.retired) == (1, 0)
    note = summary.warnings[-1]
    assert "B Bowl" in note
    assert f"products.csv --home {home.root} --retire-missing" in note
    assert products(home, "retired") == {"A": False, "B": False}


def test_what_is_retired_comes_back_with_the_feed(home: Home) -> None:
    take(home, BOTH)
    summary = take(home, ONE, now=LATER, retire_missing=True)
    assert (summary.missing, summary.retired) == (1, 1)
    assert products(home, "retired") == {"A": False, "B": True}
    assert live_fields(home, LATER)["B"]["retired"] is True
    assert take(home, ONE, now=LATER).missing == 0
    take(home, BOTH, now=LATER)
    assert products(home, "retired") == {"A": False, "B": False}


def test_a_dry_run_and_a_list_of_other_products_retire_nothing(home: Home) -> None:
    take(home, BOTH)
    assert take(home, ONE, retire_missing=True, dry_run=True).retired == 1
    with pytest.raises(ImportRefused, match="would retire all others"):
        take(home, HEADER + "X,Jug,/x,20\n", retire_missing=True)
    assert products(home, "retired") == {"A": False, "B": False}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("Order ID,Date,Email,SKU,Name,Quantity,Price\n1,2026-01-01,a@s.example,A,Mug,1,9\n", "list.csv"),
        ('{"type": "view", "anonymous_id": "a", "product_id": "A"}\n', "events.jsonl"),
    ],
)
def test_orders_and_events_are_no_catalogue(home: Home, content: str, name: str) -> None:
    with pytest.raises(ImportRefused, match=f"(?s)orders or events.*perennial import orders .*{name}"):
        take(home, content, name)
    assert not (home.root / "catalog" / "products.parquet").exists()
