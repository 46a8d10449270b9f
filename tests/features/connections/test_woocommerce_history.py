"""Orders of before from WooCommerce's REST interface. Covers export_file.py and patience.py, too."""

from pathlib import Path

import pytest
from woo_shop import KEY, export, line, order, woo_server

from features.connections.patience import MOST_TRIES, ServiceAway
from features.connections.woocommerce_history import PAGE, WooApi, fetch_history, history_file
from features.home import Home
from features.importers.orders import import_orders
from features.importers.summary import OrdersSummary

from factories import NOW

LINES = [line(1, "tea", "20.00", 2), line(2, "mug", "4.00", before="5.00")]
ORDERS = [order(number, LINES) for number in range(1, 121)]


def taken(home: Home, path: Path) -> OrdersSummary:
    return import_orders(home, path, received_at=NOW)


def test_all_orders_come_once_through_busy_hours_and_cuts(home: Home) -> None:
    waits: list[float] = []
    with woo_server(ORDERS) as server:
        server.faults = [429, 0, 503]
        path = fetch_history(home, WooApi(server.site, KEY, waits.append))
        assert server.pages == [1, 2, 3]
    assert waits == [3.0, 2.0, 3.0]
    assert path.stat().st_mode & 0o777 == 0o600
    summary = taken(home, path)
    assert (summary.orders, summary.lost) == (len(ORDERS), 0)
    history_file(home).forget()
    assert not path.exists()


def test_what_was_cut_off_goes_on_where_it_ended(home: Home) -> None:
    with woo_server(ORDERS) as server:
        api = WooApi(server.site, KEY, lambda _: None)
        server.orders = ORDERS[:PAGE]
        assert len(api.orders(1).orders) == PAGE
        server.orders, server.pages = ORDERS, []
        history_file(home).append([], 0, "1", done=False)
        with history_file(home).path.open("ab") as file:
            file.write(b"half a li")
        fetch_history(home, api)
        assert server.pages == [2, 3]
    assert taken(home, history_file(home).path).orders == len(ORDERS) - PAGE


def test_orders_that_are_deleted_meanwhile_hide_no_others(home: Home) -> None:
    with woo_server(list(ORDERS)) as server:

        def delete_one_of_the_first() -> None:
            if server.pages == [1]:
                del server.orders[3]

        server.then = delete_one_of_the_first
        path = fetch_history(home, WooApi(server.site, KEY))
        assert server.pages == [1, 2, 1, 2, 3]
    assert taken(home, path).orders == len(ORDERS) - 1


def test_a_shop_that_deletes_orders_all_the_time_is_read_to_its_end(home: Home) -> None:
    with woo_server(list(ORDERS)) as server:
        server.then = lambda: server.orders.pop(0)
        taken(home, fetch_history(home, WooApi(server.site, KEY)))


def test_a_page_that_a_cache_repeats_is_said(home: Home) -> None:
    with woo_server(list(ORDERS)) as server:
        api = WooApi(server.site, KEY, lambda _: None)
        first = api.orders(1)
        history_file(home).append([], PAGE, f"1 {first.total} {first.orders[-1]['id']}", done=False)
        server.orders = [order(0, LINES)] * PAGE + ORDERS[:PAGE] + ORDERS[:20]  # its second page is the first
        with pytest.raises(ServiceAway, match="no cache"):
            fetch_history(home, api)


def test_history_and_export_are_the_same_orders(home: Home, tmp_path: Path) -> None:
    with woo_server(ORDERS) as server:
        taken(home, fetch_history(home, WooApi(server.site, KEY)))
    exported = tmp_path / "orders.csv"
    exported.write_text(export(ORDERS))
    assert taken(home, exported).already_known == sum(len(each["line_items"]) for each in ORDERS)


@pytest.mark.parametrize(
    ("key", "faults", "words"),
    [
        ("ck:wrong", [], "refuses the key"),
        (KEY, [404], "status 404"),
        (KEY, [500] * MOST_TRIES, "does not answer"),
    ],
)
def test_what_waiting_does_not_mend_is_said(home: Home, key: str, faults: list[int], words: str) -> None:
    with woo_server(ORDERS) as server:
        server.faults = list(faults)
        with pytest.raises(ServiceAway, match=words):
            fetch_history(home, WooApi(server.site, key, lambda _: None))
