"""An import is taken back whole, also from files that compaction merged, and can be done again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from features.catalogue.products import load_aliases, load_products
from features.history import events_parquet as history
from features.history.compaction import compact
from features.home import Home
from features.importers import undo
from features.importers.catalogue import import_catalogue
from features.importers.orders import import_orders
from features.importers.records import NoSuchImport, read_record, records
from features.importers.summary import OrdersSummary
from features.importers.undo import CannotUndo, undo_import

from factories import NOW

HEADER = "event,customer_id,product_id,quantity,unit_price,order_id,timestamp,currency\n"
SOON, LATER = NOW + timedelta(seconds=1), NOW + timedelta(days=90)
Take = Callable[..., OrdersSummary]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(*orders: str, product: str = "MUG", minute: int = 0) -> OrdersSummary:
        path = tmp_path / "orders.csv"
        rows = [f"purchase,c-{order},{product},1,8,{order},2026-03-01T10:00:00Z,EUR" for order in orders]
        path.write_text(HEADER + "\n".join(rows) + "\n")
        return import_orders(home, path, received_at=NOW + timedelta(minutes=minute))

    return run


def orders(home: Home) -> list[str]:
    return sorted(history.scan(home).collect()["order_id"].to_list())


def back(home: Home, summary: OrdersSummary) -> undo.Undone:
    assert summary.id is not None
    return undo_import(home, read_record(home, summary.id), SOON)


def test_an_import_is_recorded(home: Home, take: Take) -> None:
    summary = take("o1", "o2")
    [record] = records(home)
    assert (record.id, record.files, record.format) == (summary.id, ("orders.csv",), "events")
    assert (record.rows, record.taken, record.orders, record.money) == (2, 2, 2, {"EUR": 16.0})
    assert record.new_products == ("MUG",)
    assert take("o1", "o2", minute=1).id is None
    assert len(list(records(home))) == 1


def test_only_its_rows_and_products_are_taken_out(home: Home, take: Take) -> None:
    take("o1")
    second = take("o2", product="BOWL", minute=1)
    undone = back(home, second)
    assert (undone.rows, undone.products, undone.kept_products) == (1, 1, 0)
    assert orders(home) == ["o1"]
    assert load_products(home)["product_id"].to_list() == ["MUG"]


def test_a_second_undo_says_so(home: Home, take: Take) -> None:
    summary = take("o1")
    back(home, summary)
    with pytest.raises(CannotUndo, match="was taken back already"):
        back(home, summary)


def test_the_same_file_can_be_imported_again_with_the_same_result(home: Home, take: Take) -> None:
    first = take("o1", "o2")
    before, products = history.scan(home).collect(), load_products(home)
    back(home, first)
    again = take("o1", "o2")
    assert again.id != first.id
    assert {**again.as_dict(), "id": None} == {**first.as_dict(), "id": None}
    assert history.scan(home).collect().equals(before)
    assert load_products(home).equals(products)


def test_products_that_others_sell_or_changed_stay(home: Home, take: Take, tmp_path: Path) -> None:
    first = take("o1")
    take("o2", minute=1)
    undone = back(home, first)
    assert (undone.products, undone.kept_products) == (0, 1)
    bowl = take("o3", product="BOWL", minute=2)
    catalogue = tmp_path / "catalogue.csv"
    catalogue.write_text("id,title\nBOWL,Bowl\n")
    import_catalogue(home, str(catalogue), now=NOW + timedelta(minutes=3))
    assert back(home, bowl).kept_products == 1
    assert set(load_products(home)["product_id"]) == {"MUG", "BOWL"}


def test_names_of_products_that_are_gone_are_forgotten(home: Home, take: Take) -> None:
    take("o0", product="CUP")
    path = home.root.parent / "orders.csv"
    rows = [
        f"purchase,c,{product},1,8,{product},2026-03-01T10:00:00Z,EUR" for product in ("mug", "MUG", "MUG")
    ]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    summary = import_orders(home, path, received_at=NOW + timedelta(minutes=1))
    assert load_aliases(home)["alias"].to_list() == ["mug"]
    assert back(home, summary).aliases == 1
    assert load_aliases(home).is_empty()


def test_it_is_taken_out_of_a_compact_file_and_of_those_it_replaced(home: Home, take: Take) -> None:
    first = take("o1")
    take("o2", minute=1)
    assert compact(home, home.events, LATER) == 2
    assert back(home, first).rows == 1
    files = sorted(home.events.glob("*/*.parquet"))
    assert len(files) == 3
    held = pl.concat([pl.read_parquet(path, columns=["order_id"]) for path in files])["order_id"]
    assert set(held) == {"o2"}


def test_one_that_was_killed_is_finished_by_the_next(
    home: Home, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = take("o1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(undo, "_remove_products", killed)
        with pytest.raises(KeyboardInterrupt):
            back(home, summary)
    assert orders(home) == []
    assert back(home, summary).products == 1


def test_an_id_that_is_unknown_or_begins_several_is_said(home: Home, take: Take) -> None:
    with pytest.raises(NoSuchImport, match="There is no import 'x'"):
        read_record(home, "x")
    take("o1")
    take("o2", minute=1)
    with pytest.raises(NoSuchImport, match="Several begin with '2026'"):
        read_record(home, "2026")
    assert read_record(home, f"{NOW:%Y%m%d-%H%M%S}").orders == 1
