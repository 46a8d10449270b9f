"""Two customers, four orders: through a whole import."""

from datetime import timedelta
from pathlib import Path

import pytest

from features.history import events_parquet as history
from features.home import Home
from features.importers.orders import import_orders

from factories import NOW

HEADER = "event,timestamp,customer_id,product_id,quantity,unit_price,order_id,refund_id"
MINA_1, MINA_2 = "purchase,2026-03-01,mina,JAR,1,12,1,", "purchase,2026-03-08,mina,LID,1,5,2,"
OTTO_1, OTTO_2 = "purchase,2026-03-05,otto,JAR,1,12,1,", "purchase,2026-03-20,otto,LID,1,5,2,"


def take(home: Home, tmp_path: Path, *rows: str) -> tuple[int, list[str]]:
    """Rows taken, and warnings."""
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    summary = import_orders(home, path, received_at=NOW)
    assert summary.taken + summary.already_known + sum(summary.set_aside.values()) == summary.rows
    return summary.taken, [each for each in summary.warnings if "kept apart" in each]


def orders(home: Home) -> list[tuple[str, str]]:
    rows = history.scan(home).filter(type="purchase").select("customer_id", "product_id").collect()
    return sorted(rows.rows())


def names(home: Home) -> list[str]:
    return history.scan(home).filter(type="purchase").collect()["order_id"].unique().sort().to_list()


def test_a_number_of_two_customers_is_two_orders_and_is_told(home: Home, tmp_path: Path) -> None:
    taken, warnings = take(home, tmp_path, MINA_1, MINA_2, OTTO_1, OTTO_2)
    assert (taken, len(warnings), len(names(home))) == (4, 1, 4)
    assert orders(home) == [("mina", "JAR"), ("mina", "LID"), ("otto", "JAR"), ("otto", "LID")]


@pytest.mark.parametrize(
    "files", [[[MINA_1, MINA_2], [OTTO_1, OTTO_2]], [[OTTO_1, MINA_1], [MINA_2, OTTO_2]]]
)
def test_so_it_is_from_file_to_file_and_each_counts_once(
    home: Home, tmp_path: Path, files: list[list[str]]
) -> None:
    for file in (*files, *files, [MINA_1, MINA_2, OTTO_1, OTTO_2], [OTTO_2, OTTO_1]):
        take(home, tmp_path, *file)
    assert len(orders(home)) == len(names(home)) == 4


def test_a_number_that_begins_anew_years_later_is_another_order(home: Home, tmp_path: Path) -> None:
    later = MINA_1.replace("2026", "2024").replace("JAR", "TIN")
    assert take(home, tmp_path, MINA_1)[0] == 1
    taken, warnings = take(home, tmp_path, later)
    assert (taken, len(warnings), len(names(home))) == (1, 1, 2)
    assert take(home, tmp_path, later, MINA_1)[0] == 0


def test_guests_orders_of_one_number_years_apart_are_two(home: Home, tmp_path: Path) -> None:
    guest = MINA_1.replace("mina", "")
    assert take(home, tmp_path, guest, guest.replace("2026", "2020").replace("JAR", "TIN"))[0] == 2
    assert len(names(home)) == 2


@pytest.mark.parametrize(
    "again", [MINA_1.replace("03-01", "03-02"), MINA_1.replace("2026-03-01", "2026-09-01")]
)
def test_the_same_customer_and_moment_or_lines_is_the_same_order(
    home: Home, tmp_path: Path, again: str
) -> None:
    take(home, tmp_path, MINA_1)
    assert take(home, tmp_path, again) == (0, [])
    assert len(names(home)) == 1


def test_a_refund_goes_to_its_customer_s_order(home: Home, tmp_path: Path) -> None:
    take(home, tmp_path, MINA_1, OTTO_1)
    take(home, tmp_path, "refund,2026-03-06,otto,JAR,1,12,1,r1", "refund,2026-03-04,mina,JAR,1,12,1,r2")
    rows = history.scan(home).collect()
    of = {row["customer_id"]: row["order_id"] for row in rows.filter(type="purchase").iter_rows(named=True)}
    refunded = rows.filter(type="refund").select("customer_id", "order_id").rows()
    assert sorted(refunded) == sorted(of.items())


def test_a_refund_under_the_event_id_of_its_order_is_taken(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    order = '{"order_id": "9", "items": [{"product_id": "JAR", "quantity": 2, "unit_price": 4}]}'
    purchase = (
        f'{{"type": "purchase", "event_id": "x", "timestamp": "2026-03-01T00:00:00Z", "order": {order}}}'
    )
    refund = (
        '{"type": "refund", "event_id": "x", "timestamp": "2026-03-02T00:00:00Z", "order": {"order_id": "9"}}'
    )
    path.write_text(f"{purchase}\n{refund}\n")
    for taken in (2, 0):
        assert import_orders(home, path, received_at=NOW + timedelta(1)).taken == taken
    assert history.scan(home).collect()["type"].sort().to_list() == ["purchase", "refund"]
