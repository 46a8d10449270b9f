"""The rules of an import, on files in the Online Retail layout."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.catalogue.products import load_aliases, load_products
from features.history import events_parquet as history
from features.home import Home
from features.importers.choice import Wishes
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.importers.refusal import ImportRefused
from features.importers.summary import OrdersSummary

from factories import NOW

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


Take = Callable[..., OrdersSummary]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    """Import rows of the Online Retail layout into `home`."""

    def run(
        *rows: str | bytes, header: str = HEADER, name: str = "orders.csv", **options: Any
    ) -> OrdersSummary:
        path = tmp_path / name
        content = (
            rows[0]
            if rows and isinstance(rows[0], bytes)
            else "\n".join([header, *map(str, rows), ""]).encode()
        )
        path.write_bytes(content)
        return import_orders(home, path, received_at=NOW, **options)

    return run


def order(
    invoice: str = "536365",
    sku: str = "85123A",
    title: str = "LANTERN",
    n: str = "6",
    at: str = "12/1/2010 8:26",
    price: str = "2.55",
    who: str = "17850",
) -> str:
    return f"{invoice},{sku},{title},{n},{at},{price},{who},United Kingdom"


LATER = "12/13/2010 8:26"


def rows(home: Home) -> pl.DataFrame:
    return history.scan(home).sort("timestamp", "event_id", "line").collect()


def files(home: Home) -> list[str]:
    return sorted(str(path) for path in home.root.rglob("*") if path.is_file())


def rejects(summary: OrdersSummary) -> pl.DataFrame:
    assert summary.rejects_file is not None
    return pl.read_csv(Path(summary.rejects_file), infer_schema=False)


def test_a_line_becomes_a_row_of_the_history(home: Home, take: Take) -> None:
    summary = take(order(), order(sku="71053", at="12/1/2010 8:27"), order("536366", at=LATER))
    first, second, third = rows(home).rows(named=True)
    assert (first["event_id"], first["line"], first["type"]) == ("purchase:536365", 0, "purchase")
    assert (first["customer_id"], first["product_id"], first["quantity"]) == ("17850", "85123A", 6)
    assert (first["unit_price"], first["currency"], first["country"]) == (2.55, "GBP", "United Kingdom")
    assert (first["source"], first["received_at"]) == ("online-retail", NOW)
    assert (second["event_id"], second["line"]) == ("purchase:536365", 1)
    assert second["timestamp"] == first["timestamp"]
    assert third["event_id"] == "purchase:536366"
    assert (summary.rows, summary.taken, summary.orders, summary.customers, summary.products) == (
        3,
        3,
        2,
        1,
        2,
    )
    assert summary.date_format == "month/day/year"
    assert summary.rejects_file is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (order("", n="1"), RejectReason.NO_ORDER),
        (order(sku=" "), RejectReason.NO_PRODUCT),
        (order(n="six"), RejectReason.BAD_QUANTITY),
        (order(n="0"), RejectReason.BAD_QUANTITY),
        (order(n="10000001"), RejectReason.BAD_QUANTITY),
        (order(price="cheap"), RejectReason.BAD_PRICE),
        (order(price="1e400"), RejectReason.BAD_PRICE),
        (order(n="10000000", price="999999999"), RejectReason.TOO_MUCH),
        (order(price="-1"), RejectReason.NEGATIVE_PRICE),
        (order(at="13/12/2010 8:26"), RejectReason.BAD_TIME),
        (order(at=""), RejectReason.BAD_TIME),
        (order(at="12/1/1910 8:26"), RejectReason.TIME_OUT_OF_RANGE),
        (order(at="12/1/2090 8:26"), RejectReason.TIME_OUT_OF_RANGE),
        (order(sku="x" * 513), RejectReason.BAD_ID),
        (order(who="a\x07b"), RejectReason.BAD_ID),
        (order("A563186", "B", n="1", price="-11062.06", who=""), RejectReason.BAD_DEBT),
        (order("536400", n="-3", price="0", who=""), RejectReason.ADJUSTMENT),
        (order("536400", title="found", n="3", price="0", who=""), RejectReason.ADJUSTMENT),
        (order() + ",one cell too many", RejectReason.SURPLUS_CELLS),
    ],
)
def test_a_bad_line_is_set_aside_with_its_reason(take: Take, row: str, reason: RejectReason) -> None:
    summary = take(order("536366", at=LATER), row)
    assert summary.set_aside == {reason.value: 1}
    assert (summary.taken, summary.rows) == (1, 2)
    [rejected] = rejects(summary).rows(named=True)
    assert (rejected["line"], rejected["reason"]) == ("3", reason.value)
    assert rejected["Country"] == "United Kingdom"


@pytest.mark.parametrize("sku", ["a/b", 'say ""hi""', "🎁", "x" * 512, "-1", "../../etc"])
def test_odd_ids_are_taken_as_they_are(home: Home, take: Take, sku: str) -> None:
    take(order(sku=f'"{sku}"'), order("536366", at=LATER))
    assert sku.replace('""', '"') in rows(home)["product_id"].to_list()


def test_free_items_huge_quantities_and_guests_are_taken(home: Home, take: Take) -> None:
    summary = take(
        order(price="0"),
        order("536366", n="80995", at=LATER),
        order("536367", who="", at=LATER),
        order("536367", sku="22423", price="0", who="", at=LATER),
    )
    assert (summary.taken, summary.free_lines, summary.guest_lines) == (4, 2, 2)
    assert rows(home)["quantity"].max() == 80_995


def test_cancellations_and_negative_quantities_become_joined_refunds(home: Home, take: Take) -> None:
    summary = take(
        order(at="12/1/2010 8:26"),
        order("C536400", n="-2", at=LATER),
        order("536401", n="-1", at="12/14/2010 8:26"),
        order("C536402", sku="22423", n="-1", at=LATER),
    )
    refunds = {row["refund_id"]: row for row in rows(home).filter(type="refund").iter_rows(named=True)}
    assert {number: (row["quantity"], row["order_id"]) for number, row in refunds.items()} == {
        "C536400": (2, "536365"),
        "536401": (1, "536365"),
        "C536402": (1, None),
    }
    assert refunds["C536400"]["event_id"] == "refund:C536400"
    assert (summary.refund_lines, summary.refunds_joined) == (3, 2)


def test_a_refund_finds_its_order_in_the_history(home: Home, take: Take) -> None:
    take(order(n="3"), order("C536400", n="-2", at=LATER))
    take(order("C536401", n="-1", at="12/15/2010 8:26"), name="later.csv")
    assert rows(home).filter(refund_id="C536401")["order_id"].item() == "536365"


def test_an_exact_duplicate_names_the_line_it_repeats(take: Take) -> None:
    summary = take(order("536366", at=LATER), order(), order(), order())
    assert summary.exact_duplicates == 2
    assert rejects(summary)["reason"].to_list() == [f"{RejectReason.DUPLICATE} (line 3)"] * 2


def test_an_order_is_worth_what_its_lines_are_together(take: Take) -> None:
    lines = [order("536366", sku=sku, n="1", price="60000000") for sku in ("A", "B")]
    assert take(order(at=LATER), *lines).set_aside == {RejectReason.TOO_MUCH.value: 2}
    assert take(*lines, name="again.csv", largest_order=2e8).set_aside == {}


def test_cells_that_a_spreadsheet_would_run_are_escaped(take: Take) -> None:
    summary = take(order("536366", at=LATER), order(title="=cmd|' /C calc'!A0", n="-0"))
    rejected = rejects(summary)
    assert rejected["Description"].item().startswith("'=cmd")
    assert rejected["Quantity"].item() == "'-0"


def test_postage_is_taken_and_known_as_no_product(home: Home, take: Take) -> None:
    summary = take(order(), order(sku="POST", title="POSTAGE", price="18"), order("536366", at=LATER))
    flags = dict(load_products(home).select("product_id", "is_product").iter_rows())
    assert flags == {"85123A": True, "POST": False}
    assert (summary.taken, summary.non_product_lines) == (3, 1)


def test_the_most_usual_title_and_price_of_priced_lines_name_the_product(home: Home, take: Take) -> None:
    take(
        order(title="LANTERN"),
        order("2", title="LANTERN", at=LATER),
        order("3", title="lantern, red", price="9", at=LATER),
        *[order(str(n), title="damaged", price="0", at=LATER) for n in range(4, 8)],
    )
    [product] = load_products(home).rows(named=True)
    assert (product["title"], product["price"], product["currency"]) == ("LANTERN", 2.55, "GBP")
    assert f"{product['first_seen']:%Y-%m-%d}" == "2010-12-01"


def test_spellings_in_another_case_become_the_most_frequent_one(home: Home, take: Take) -> None:
    summary = take(order(sku="85123a"), order("2"), order("3", at=LATER))
    assert summary.merged_ids == {"85123a": "85123A"}
    assert rows(home)["product_id"].unique().to_list() == ["85123A"]
    assert load_aliases(home).rows() == [("85123a", "85123A")]
    again = take(order("4", sku="85123a"), order("5", sku="85123a", at=LATER), name="later.csv")
    assert rows(home)["product_id"].unique().to_list() == ["85123A"]
    assert again.match_rate == 1


def test_the_same_file_twice_changes_nothing(home: Home, take: Take) -> None:
    lines = (order(), order(sku="22423"), order("C9", n="-1", at=LATER))
    take(*lines)
    before, contents = rows(home), files(home)
    again = take(*lines)
    assert rows(home).equals(before)
    assert files(home) == contents
    assert (again.taken, again.already_known, again.rows) == (0, 3, 3)


def test_new_and_changed_orders_of_a_longer_export_are_taken(home: Home, take: Take) -> None:
    take(order(), order("536366", at=LATER))
    summary = take(
        order(), order("536366", at=LATER), order("536366", sku="NEW", at=LATER), order("7", at=LATER)
    )
    assert (summary.taken, summary.already_known) == (3, 1)
    assert rows(home)["order_id"].to_list() == ["536365", "536366", "536366", "7"]


def test_a_dry_run_says_the_same_and_writes_nothing(home: Home, take: Take) -> None:
    lines = (order(), order("536366", at=LATER), order("536366", at=LATER))
    dry = take(*lines, dry_run=True)
    assert not home.root.exists()
    real = take(*lines)
    differing = {key for key, value in dry.as_dict().items() if value != real.as_dict()[key]}
    assert differing == {"dry_run", "rejects_file", "id"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither text"),
        (b"", "is empty"),
        (b"<!doctype html><html></html>", "web page"),
        (gzip.compress(HEADER.encode() * 500, mtime=0)[:60], "incomplete gzip"),
        (HEADER.encode() + b"\n", "header and no rows"),
        (b"a,b,c\n1,2,3\n", r"no known format. Found: a, b, c"),
        (
            HEADER.replace("UnitPrice,", "").encode() + b"\n1,2,3,4,5,6,7\n",
            "Found: Inv.*nearest to online-retail, which also needs the column unitprice",
        ),
        (HEADER.encode() + b'\n1,"2,3\n4', "quotes around line"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_and_changes_nothing(
    home: Home, take: Take, content: bytes, message: str
) -> None:
    take(order(), order("536366", at=LATER))
    before = files(home)
    with pytest.raises(ImportRefused, match=message):
        take(content, name="wrong.csv.gz")
    assert files(home) == before


@pytest.mark.parametrize(
    ("format", "message"),
    [("woocommerce", "needs the columns Order #"), ("excel", "Unknown format"), ("shopify", "needs")],
)
def test_a_format_asked_for_in_vain_is_refused(take: Take, format: str, message: str) -> None:
    with pytest.raises(ImportRefused, match=message):
        take(order(), wishes=Wishes(format=format))


def test_a_file_of_other_products_is_refused(home: Home, take: Take) -> None:
    take(order(), order("536366", sku="22423", at=LATER))
    events = ("purchase,c1,OTHER,o1,2011-01-01", "purchase,c1,85123A,o1,2011-01-01")
    with pytest.raises(ImportRefused, match=r"Only 50\.0% of the file's products"):
        take(*events, header="event,customer_id,product_id,order_id,timestamp", name="events.csv")
    assert set(rows(home)["source"]) == {"online-retail"}


def test_a_home_that_knows_few_of_the_products_takes_the_file(home: Home, take: Take) -> None:
    header = "event,customer_id,product_id,order_id,timestamp"
    take("view,c1,85123A,,2011-01-01", header=header, name="live.csv")
    summary = take(order(), order(sku="22423"), order("536366", at=LATER))
    assert (summary.match_rate, summary.taken) == (0.5, 3)
    assert "Only 50.0%" in summary.warnings[0]


def test_a_new_range_from_a_source_known_already_is_taken_with_a_warning(take: Take) -> None:
    take(order(), order("536366", at=LATER))
    summary = take(order("3", sku="NEW"), order("4", at=LATER), name="next.csv")
    assert (summary.match_rate, summary.new_products) == (0.5, 1)
    assert "Only 50.0%" in summary.warnings[0]


def test_a_failure_while_writing_leaves_the_home_as_it_was(home: Home, take: Take) -> None:
    take(order(), order("536366", at=LATER))
    (home.catalog / "products.lock").unlink()
    (home.catalog / "products.lock").mkdir()
    before = files(home)
    with pytest.raises(OSError, match=r"products\.lock"):
        take(order("3"), order("4", at=LATER), order("4", at=LATER))
    assert files(home) == before


def test_other_encodings_delimiters_and_decimal_commas(home: Home, take: Take) -> None:
    text = "\n".join([HEADER, order(title="CAFÉ", price="2,55"), order("2", at=LATER)]).replace(
        "2,55", "2#55"
    )
    summary = take(text.replace(",", ";").replace("#", ",").encode("latin-1"))
    assert summary.encoding == "Latin-1 (Windows-1252)"
    assert rows(home)["unit_price"].to_list() == [2.55, 2.55]
    assert load_products(home)["title"].item() == "CAFÉ"


def test_the_summary_reads_well(take: Take) -> None:
    summary = dict(take(order(), order("536366", at=LATER), order("536366", at=LATER)).lines())
    assert summary["Rows in the file"] == "3"
    assert summary["Purchase lines"] == "2 in 2 orders"
    assert summary["From, to"] == "2010-12-01 08:26 to 2010-12-13 08:26 UTC"


def test_progress_names_its_steps(take: Take) -> None:
    steps = []
    take(order(), order("2", at=LATER), report=lambda *step: steps.append(step[0]))
    assert list(dict.fromkeys(steps)) == ["reading", "checking", "joining refunds", "writing"]


PLAIN = "event;timestamp;customer_id;product_id;quantity;unit_price;order_id"
GERMAN = (
    "purchase;31.01.2025 14:05;anna;SOFA;1;1.250;o1",
    "purchase;01.02.2025 09:00;bert;CUP;1.000;12,50;o2",
)


def test_numbers_and_dates_are_read_by_the_whole_file(home: Home, take: Take) -> None:
    summary = take(*GERMAN, header=PLAIN, zone="Europe/Berlin")
    read = rows(home).select(
        "product_id", "quantity", "unit_price", pl.col("timestamp").dt.strftime("%d %H:%M")
    )
    assert read.rows() == [("SOFA", 1, 1250, "31 13:05"), ("CUP", 1000, 12.5, "01 08:00")]
    assert summary.date_format == "day/month/year"


def test_a_price_that_can_be_read_in_two_ways_is_said_loudly(home: Home, take: Take) -> None:
    summary = take(GERMAN[0], header=PLAIN, dry_run=True)
    assert any("unit_price MAY BE WRONG BY A FACTOR OF 1000" in warning for warning in summary.warnings)
    summary = take(GERMAN[0], header=PLAIN, decimal=",")
    assert rows(home)["unit_price"].to_list() == [1250]
    assert not any("FACTOR" in warning for warning in summary.warnings)


def test_a_file_without_a_single_date_that_reads_is_refused_with_those_that_would(
    home: Home, take: Take
) -> None:
    with pytest.raises(ImportRefused, match=r"None of the dates can be read: 'soon'.*2025-01-31 14:05.*Unix"):
        take("purchase;soon;anna;CUP;1;5;o1", header=PLAIN)
    assert not home.root.exists()


def test_a_line_of_totals_is_set_aside_as_one(take: Take) -> None:
    summary = take(*GERMAN, ";;;Summe;2;1.262,50;", header=PLAIN)
    assert summary.set_aside == {RejectReason.TOTALS.value: 1}
    assert rejects(summary)["line"].to_list() == ["4"]


def test_several_files_are_one_import_and_rejects_name_theirs(home: Home, take: Take, tmp_path: Path) -> None:
    january, february = tmp_path / "january.csv", tmp_path / "february.csv"
    january.write_text("\n".join([HEADER, order(at=LATER)]))
    february.write_text("\n".join([HEADER, order(at=LATER), order("2", at=LATER), order("3", n="many")]))
    summary = import_orders(home, [january, february], received_at=NOW)
    assert (summary.rows, summary.taken) == (4, 2)
    assert summary.file == f"{january}, {february}"
    assert rejects(summary).select("file", "line", "reason").rows() == [
        ("february.csv", "2", f"{RejectReason.DUPLICATE} (line 2 of january.csv)"),
        ("february.csv", "4", RejectReason.BAD_QUANTITY.value),
    ]
