"""Whatever a file holds, it is refused or every row of it is accounted for."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.orders import import_orders
from features.importers.refusal import ImportRefused

from factories import NOW
from scale import FUZZED_FILES

HEADERS = {
    "online-retail": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
    "shopify": "Name,Email,Created at,Lineitem quantity,Lineitem sku,Lineitem price,Total,Refunded Amount",
    "events": "event,customer_id,product_id,timestamp,order_id,quantity,unit_price,event_id",
    "catalogue": "id,title,link,price,sale_price,availability,product_type,quantity",
}
STARTS = [b"", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b'{"type": ', b"<?xml ", b"a,b\n"]
cell = st.one_of(
    st.sampled_from(["", "1", "-1", "0", "1e999", "12/1/2010", "2010-12-01", "purchase", "refund", "C1"]),
    st.text(st.characters(exclude_characters='",\n\r', exclude_categories=["Cs"]), max_size=8),
)
rows = st.lists(st.lists(cell, min_size=1, max_size=9).map(",".join), max_size=6).map("\n".join)


def take(kind: str, content: bytes) -> tuple[int, int]:
    with tempfile.TemporaryDirectory() as folder:
        home, path = Home(Path(folder) / "home"), Path(folder) / "file.csv"
        path.write_bytes(content)
        if kind == "catalogue":
            products = import_catalogue(home, str(path), now=NOW)
            return products.rows, products.taken + sum(products.set_aside.values())
        orders = import_orders(home, path, received_at=NOW)
        return orders.rows, orders.taken + orders.already_known + sum(orders.set_aside.values())


@pytest.mark.parametrize("kind", HEADERS)
@settings(max_examples=FUZZED_FILES, deadline=None, derandomize=True)
@given(rows=rows)
def test_every_row_is_accounted_for(kind: str, rows: str) -> None:
    try:
        in_file, accounted = take(kind, f"{HEADERS[kind]}\n{rows}\n".encode())
    except ImportRefused:
        return
    assert in_file == accounted


@pytest.mark.parametrize("kind", ["events", "catalogue"])
@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(content=st.binary(max_size=200))
def test_no_bytes_crash_it(kind: str, start: bytes, content: bytes) -> None:
    try:
        in_file, accounted = take(kind, start + content)
    except ImportRefused:
        return
    assert in_file == accounted
