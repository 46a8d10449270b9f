"""Orders of before, of a server that fails as Shopify's does. Covers features/connections/shopify_api.py."""

import pytest
from shopify_api_server import TOKEN, ShopifyServer, node, shopify_server
from shopify_shop import SHOP, line, order

from features.connections.shopify_api import ShopifyApi, ShopifyRefused
from features.connections.shopify_history import fetch_history, history_file
from features.history.events_parquet import scan
from features.home import Home
from features.importers.orders import import_orders

from factories import NOW

LONG = [line(number, f"sku-{number}", "1.00") for number in range(50)]
ORDERS = [order(1000 + number, [line(1, "tea", "10.00", 2)], customer_id=number) for number in range(1, 45)]


def api_of(server: ShopifyServer, waits: list[float]) -> ShopifyApi:
    return ShopifyApi(SHOP, TOKEN, server.address, waits.append)


def test_all_orders_come_once_through_throttling_failures_and_cuts(home: Home) -> None:
    waits: list[float] = []
    long = [order(2000, LONG), order(2001, [line(1, "tea", "10.00")], test=True)]
    with shopify_server([node(each) for each in [*ORDERS, *long]]) as server:
        server.faults = ["costly", "throttled", 429, 503, "cut"]
        path = fetch_history(home, api_of(server, waits))
    assert path.stat().st_mode & 0o777 == 0o600
    assert waits == [
        5.0,
        2.0,
        2.0,
        4.0,
    ]  # 500 points at 100 a second; as told, twice; after the third failure
    assert [asked["first"] for asked in server.asked if "first" in asked] == [10] * 5
    summary = import_orders(home, path, received_at=NOW)
    assert (summary.format, summary.orders, sum(summary.set_aside.values())) == ("shopify", 45, 0)
    rows = scan(home).collect()
    assert rows.filter(order_id="2000").height == 50
    assert rows["customer_id"].n_unique() == 45
    history_file(home).forget()
    assert not path.exists()


class Killed(Exception):
    """The process ends here."""


def test_what_was_cut_off_goes_on_where_it_ended(home: Home) -> None:
    def end(step: str, done: int, total: int) -> None:
        raise Killed

    with shopify_server([node(each) for each in ORDERS]) as server:
        with pytest.raises(Killed):
            fetch_history(home, api_of(server, []), end)
        with history_file(home).path.open("ab") as file:
            file.write(b"half a li")  # of the next page
        path = fetch_history(home, api_of(server, []))
    assert [asked["after"] for asked in server.asked] == [None, "20", "40"]
    assert len(path.read_text().splitlines()) == 1 + len(ORDERS)


@pytest.mark.parametrize(
    ("faults", "token", "message"),
    [
        ([503] * 8, TOKEN, "does not answer"),
        ([404], TOKEN, "is the shop's domain right"),
        ([], "another", "needs read_orders and read_all_orders"),
    ],
)
def test_what_waiting_does_not_mend_is_said(
    home: Home, faults: list[int | str], token: str, message: str
) -> None:
    with shopify_server([]) as server:
        server.faults = faults
        with pytest.raises(ShopifyRefused, match=message):
            fetch_history(home, ShopifyApi(SHOP, token, server.address, lambda _: None))
