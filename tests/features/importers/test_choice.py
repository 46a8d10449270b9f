"""How a table is read: as asked for, as last time, by its columns, as guessed; or why it is refused."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from features.history import events_parquet as history
from features.home import Home
from features.importers.choice import Wishes
from features.importers.orders import import_orders
from features.importers.refusal import ImportRefused
from features.importers.summary import OrdersSummary

from factories import NOW

TABLE = """Bestellnr.;Bestelldatum;Kunde E-Mail;Artikelnr.;Bezeichnung;Menge;Einzelpreis;Währung
1001;13.01.2026 10:00;ida@example.com;MUG;Becher;2;12,50;EUR
1001;13.01.2026 10:00;ida@example.com;POT;Kanne;1;1.299,00;EUR
1002;14.01.2026 11:00;bo@example.com;MUG;Becher;1;12,50;EUR
"""
ODD = """Vorgang;Wann;Wer;Was;Wieviel;Wert
1001;13.01.2026;ida@example.com;Becher;2;25,00
1002;14.01.2026;bo@example.com;Kanne;1;40,00
"""
MAPS = ("order_id=Vorgang", "timestamp=wann", "title=Was", "quantity=WIEVIEL", "line_total=Wert")
Take = Callable[..., OrdersSummary]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(text: str, *, dry_run: bool = False, name: str = "shop.csv", **wishes: object) -> OrdersSummary:
        path = tmp_path / name
        path.write_text(text)
        wished = Wishes(command=shlex.quote(name), **wishes)  # type: ignore[arg-type]
        return import_orders(home, path, wishes=wished, dry_run=dry_run, received_at=NOW)

    return run


def remembered(home: Home) -> list[Path]:
    return sorted(home.root.glob("imports/*.toml"))


def test_a_confident_guess_is_used_said_and_remembered(home: Home, take: Take) -> None:
    summary = take(TABLE)
    assert (summary.format, summary.orders, summary.money["EUR"].revenue) == ("mapped", 2, 1336.5)
    assert "Columns were guessed: order_id = 'Bestellnr.'" in summary.warnings[0]
    assert summary.correction
    assert "--map sku=Artikelnr." in summary.correction
    [path] = remembered(home)
    again = take(TABLE.replace("1001", "2001").replace("1002", "2002"), name="next.csv")
    assert again.format_reason == f"as {path.name} says"
    assert again.orders == 2
    assert "guessed" not in " ".join(again.warnings)
    assert again.correction is None


def test_columns_in_another_order_are_the_same_source(home: Home, take: Take) -> None:
    take(TABLE)
    lines = [";".join(reversed(line.split(";"))) for line in TABLE.splitlines()]
    assert "says" in take("\n".join(lines)).format_reason
    assert len(remembered(home)) == 1


def test_a_dry_run_remembers_nothing(home: Home, take: Take) -> None:
    take(TABLE, dry_run=True)
    assert not home.root.exists()


def test_what_cannot_be_guessed_is_refused_with_the_command_to_try(home: Home, take: Take) -> None:
    with pytest.raises(ImportRefused) as refused:
        take(ODD, name="my orders.csv")
    said = str(refused.value)
    assert "Found: Vorgang, Wann, Wer, Was, Wieviel, Wert" in said
    assert "Recognised: line_total = 'Wert', email = 'Wer'" in said
    assert "Missing: when it was ordered; the product" in said
    assert "perennial import orders 'my orders.csv' \\\n  --map line_total=Wert" in said
    assert "--map timestamp=COLUMN" in said
    assert not home.root.exists()


def test_columns_that_are_given_are_taken_and_remembered(home: Home, take: Take) -> None:
    summary = take(ODD, maps=MAPS)
    assert summary.orders == 2
    rows = history.scan(home).sort("order_id").collect()
    assert rows.select("product_id", "quantity", "unit_price").rows() == [
        ("Becher", 2, 12.5),
        ("Kanne", 1, 40),
    ]
    assert rows["customer_id"].null_count() == 0
    assert take(ODD).already_known == 2


def test_a_table_without_header_is_told_so(take: Take) -> None:
    with pytest.raises(ImportRefused, match="The first row seems to hold data"):
        take("1001,2026-01-05,ida@example.com,Mug,2,12.50\n1002,2026-01-06,bo@example.com,Pot,1,8.00\n")


def test_orders_of_an_interface_for_programs_are_refused(take: Take) -> None:
    with pytest.raises(ImportRefused, match="perennial import formats"):
        take('{"id": 1, "line_items": [{"sku": "MUG", "quantity": 1}]}\n', name="orders.json")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("sku=Waas", "There is no column 'Waas'. Did you mean 'Was'"),
        ("colour=Was", "Our names: order_id, timestamp"),
        ("Was", "write our name, =, and the file's column"),
    ],
)
def test_a_wrong_map_is_refused(take: Take, wrong: str, said: str) -> None:
    with pytest.raises(ImportRefused, match="(?s)" + said):
        take(ODD, maps=(wrong,))


def test_who_is_asked_decides(home: Home, take: Take) -> None:
    answer = {"order_id": "Vorgang", "timestamp": "Wann", "title": "Was", "line_total": "Wert"}
    assert take(ODD, ask=lambda *_: answer).format_reason == "columns given"
    with pytest.raises(ImportRefused, match="Still missing: when it was ordered"):
        take(ODD.replace("Wer;", "Von wem;"), ask=lambda *_: {"order_id": "Vorgang"})


def test_a_column_of_a_known_format_can_be_given(home: Home, take: Take) -> None:
    header = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Barcode\n"
    row = "#1,ida@example.com,2026-01-13 10:00:00 +0000,1,Mug,12.50,OLD-1,4006381333931\n"
    summary = take(header + row, maps=("sku=Barcode",))
    assert (summary.format, summary.format_reason) == ("shopify", "shopify's columns, and those given")
    assert history.scan(home).collect()["product_id"].item() == "4006381333931"
    assert take(header + row.replace("#1", "#2")).already_known == 0
    assert set(history.scan(home).collect()["product_id"]) == {"4006381333931"}


EVENTS = "event,timestamp,customer_id,product_id,order_id,ean\npurchase,2026-01-13,ida,MUG,o1,400\n"


def test_a_column_that_a_known_format_lacks_can_be_given(home: Home, take: Take) -> None:
    header = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price,From\n"
    take(header + "#1,ida@example.com,2026-01-13,1,Mug,12.50,google\n", maps=("utm_source=From",))
    assert history.scan(home).collect()["utm_source"].item() == "google"


def test_events_stay_events_whatever_is_given(home: Home, take: Take) -> None:
    assert take(EVENTS, maps=("product_id=ean",)).format == "events"
    assert history.scan(home).collect()["product_id"].item() == "400"
    with pytest.raises(ImportRefused, match="Our names: type, timestamp"):
        take(EVENTS, maps=("sku=ean",))
    with pytest.raises(ImportRefused, match="JSON lines have no columns"):
        take('{"type": "search", "query": "mug"}\n', name="e.jsonl", maps=("sku=ean",))


def test_a_damaged_memory_is_said(home: Home, take: Take) -> None:
    take(TABLE)
    [path] = remembered(home)
    path.write_text("format = ")
    with pytest.raises(ImportRefused, match=r"columns-\w+\.toml cannot be read"):
        take(TABLE)
    path.write_text('format = "mapped"\n[columns]\norder_id = "Gone"\n')
    with pytest.raises(ImportRefused, match=r"columns-\w+\.toml lacks"):
        take(TABLE)


CATALOGUE = "id,title,price,link\nMUG,Mug,12.50,https://shop.example/mug\n"


def test_a_catalogue_is_refused_with_its_own_command(home: Home, take: Take) -> None:
    with pytest.raises(ImportRefused, match=r"(?s)catalogue.*perennial import catalogue shop\.csv"):
        take(CATALOGUE)
    assert not home.root.exists()


def test_orders_without_numbers_are_those_of_a_customer_at_a_time(home: Home, take: Take) -> None:
    lines = [line.partition(";")[2] for line in TABLE.splitlines()]
    assert take("\n".join(lines)).orders == 2
    ids = history.scan(home).collect()["order_id"]
    assert not any("@" in each for each in ids)


def test_names_of_customers_are_ids_but_not_kept(home: Home, take: Take) -> None:
    take(
        TABLE.replace("Kunde E-Mail", "Kunde")
        .replace("ida@example.com", "Ida Iversen")
        .replace(".com", ".com")
    )
    customers = history.scan(home).collect()["customer_id"].unique().to_list()
    assert len(customers) == 2
    assert all(customer and " " not in customer and "@" not in customer for customer in customers)
