"""Customers' exports: who is who, and every spelling of yes and no; nothing is merged on weak evidence.

Covers features/importers/people.py, party.py, reach.py, consent_columns.py, customer_columns.py, ad_hashes.py
and features/history/consent_words.py, too.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from histories import archive

from features.history import events_parquet as history
from features.home import Home
from features.importers.customers import import_customers
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.importers.refusal import ImportRefused
from features.importers.summary import CustomersSummary
from features.people.aliases import current_names
from features.people.names import people_key

from factories import NOW, event

Take = Callable[..., CustomersSummary]
ORDERS = (
    "Name,Email,Phone,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem sku"
)


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(text: str, name: str = "customers.csv", **options: Any) -> CustomersSummary:
        path = tmp_path / name
        path.write_text(text)
        return import_customers(home, path, now=NOW, **({"exported_at": NOW} | options))

    return run


def orders(home: Home, tmp_path: Path, *rows: str, header: str = ORDERS) -> Any:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return import_orders(home, path, received_at=NOW)


def order(number: str, email: str = "", phone: str = "", customer: str = "") -> str:
    end = f",{customer}" if customer else ""
    return f"{number},{email},{phone},paid,2026-10-01 10:00:00 +0000,EUR,30,1,Tea,30,TEA{end}"


def consents(home: Home) -> dict[str, dict[str, bool]]:
    """customer -> channel -> the last word in the history."""
    said: dict[str, dict[str, bool]] = {}
    rows = history.scan(home).filter(pl.col("type") == "consent").sort("timestamp").collect()
    for customer, extra in rows.select("customer_id", "extra").iter_rows():
        said.setdefault(customer, {}).update(msgspec.json.decode(extra)["properties"])
    return said


def test_a_shopify_export_meets_the_orders(home: Home, tmp_path: Path, take: Take) -> None:
    orders(home, tmp_path, order("#1", "anna@example.com"))
    assert history.scan(home).collect()["customer_id"].to_list() == [
        people_key(home).email("anna@example.com")
    ]
    summary = take(
        "Customer ID,Email,Accepts Email Marketing,Phone,Accepts SMS Marketing,Total Spent,Tags\n"
        "'4711,Anna@Example.com,yes,'+49 170 1234567,no,30.00,vip\n"
    )
    assert (summary.taken, summary.linked, summary.consents, summary.refusals) == (1, 1, 1, 1)
    assert set(history.scan(home).collect()["customer_id"]) == {"4711"}
    assert consents(home) == {"4711": {"email": True, "sms": False}}
    assert summary.reach[:3] == (1, 1, 0)
    again = take("Customer ID,Email\n4711,anna@example.com\n")
    assert again.linked == 0
    assert again.reach.why is None


def test_orders_with_ids_and_addresses_prove_it_too(home: Home, tmp_path: Path) -> None:
    rows = [order("#1", "anna@example.com", customer="4711"), order("#2", "anna@example.com", customer="0")]
    summary = orders(home, tmp_path, *rows, header=f"{ORDERS},Customer ID")
    assert summary.format in {"shopify", "mapped"}
    taken = history.scan(home).filter(pl.col("type") == "purchase").collect()["customer_id"]
    if summary.nobodies:  # a format that reads the column
        assert set(taken) == {"4711"}


def test_a_history_under_former_names_stays_readable(home: Home, tmp_path: Path, take: Take) -> None:
    former = sha256(b"anna@example.com").hexdigest()
    archive(home, [event("purchase", customer_id=former, order_id="99", items=[("TEA", 1, 30.0)])])
    assert take("customer_id,email\n4711,anna@example.com\n").linked == 2
    assert set(history.scan(home).collect()["customer_id"]) == {"4711"}
    orders(home, tmp_path, order("#1", "anna@example.com"))
    assert set(history.scan(home).collect()["customer_id"]) == {"4711"}


def test_a_shared_address_merges_nobody(home: Home, tmp_path: Path, take: Take) -> None:
    summary = take(
        "customer_id,email,phone\n1,fam@example.com,+49 30 123456\n2,fam@example.com,0049 30 123456\n"
        "3,mia@example.com,+49 30 123456\n"
    )
    assert summary.linked == 1
    assert "(1 and 2; 1 of them with one telephone number, too)" in summary.warnings[0]
    assert current_names(home)["customer_id"].to_list() == ["3"]
    later = take("customer_id,email\n4,mia@example.com\n")
    assert (later.linked, len(later.warnings)) == (0, 1)


def test_a_number_alone_proves_nothing(home: Home, tmp_path: Path, take: Take) -> None:
    take("customer_id,email,phone\n4711,anna@example.com,+49 170 1234567\n")
    orders(home, tmp_path, order("#1", phone="0049 170 1234567"), order("#2", phone="+49 (0)170 1234567"))
    bought = history.scan(home).filter(pl.col("type") == "purchase").collect()["customer_id"]
    assert bought.to_list() == [people_key(home).phone("+491701234567")] * 2


def test_nobody_is_one_giant_customer(home: Home, tmp_path: Path, take: Take) -> None:
    header = "event,order_id,customer_id,product_id,quantity,unit_price,timestamp\n"
    path = tmp_path / "events.csv"
    rows = [
        f"purchase,o-{n},{name},p-1,1,5,2026-10-0{n}\n"
        for n, name in enumerate(["undefined", "guest", "0"], 1)
    ]
    path.write_text(header + "".join(rows) + "purchase,o-9,4711,p-1,1,5,2026-10-09\n")
    summary = import_orders(home, path, received_at=NOW)
    assert (summary.taken, summary.nobodies, summary.customers) == (4, 3, 1)
    nameless = take("customer_id,newsletter\nguest,yes\n4711,yes\n")
    assert nameless.set_aside == {RejectReason.NAMELESS.value: 1}


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (
            "Email,Klaviyo ID,Email Marketing Consent,SMS Marketing Consent\n"
            "a@x.de,01H,SUBSCRIBED,NEVER_SUBSCRIBED\n",
            "klaviyo.csv",
            {"email": True, "sms": False},
        ),
        (
            "Email Address,OPTIN_TIME,CONFIRM_TIME,LEID\na@x.de,2024-01-02 10:00:00,2024-01-02 10:05:00,1\n",
            "subscribed_members_export_1.csv",
            {"email": True},
        ),
        (
            "Email Address,OPTIN_TIME,UNSUB_TIME,LEID\na@x.de,2024-01-02 10:00:00,2025-01-02 10:05:00,1\n",
            "unsubscribed_members_export_1.csv",
            {"email": False},
        ),
        (
            "Email Address,OPTIN_TIME,CLEAN_TIME,LEID\na@x.de,2024-01-02 10:00:00,2025-01-02 10:05:00,1\n",
            "cleaned_1.csv",
            {"email": False},
        ),
        (
            "ID,EMAIL,SMS,EMAIL_BLACKLISTED,OPT_IN,ADDED_TIME\n7,a@x.de,491701234567,true,true,2024-01-02\n",
            "brevo.csv",
            {"email": False},
        ),
        ("ID,EMAIL,DOUBLE_OPT-IN,ADDED_TIME\n7,a@x.de,Yes,2024-01-02\n", "brevo.csv", {"email": True}),
        ("E-Mail,Newsletter\na@x.de,Ja\n", "kunden.csv", {"email": True}),
        ("E-Mail;Newsletter abonniert\na@x.de;Nein\n", "kunden.csv", {"email": False}),
        ("email,status\na@x.de,Unsubscribed\n", "list.csv", {"email": False}),
        ("email,unsubscribed\na@x.de,false\n", "list.csv", {}),
        ("email,Accepts Marketing\na@x.de,not subscribed\n", "list.csv", {"email": False}),
        ("email,opt-out\na@x.de,1\n", "list.csv", {"email": False}),
    ],
)
def test_exports_of_mail_tools(home: Home, take: Take, text: str, name: str, said: dict[str, bool]) -> None:
    assert take(text, name).taken == 1
    who = str(people_key(home).email("a@x.de"))
    assert consents(home) == ({who: said} if said else {})


def test_what_is_not_understood_is_set_aside(home: Home, take: Take) -> None:
    summary = take("customer_id,email,newsletter\n1,a@x.de,perhaps\n2,b@x.de,\n3,c@x.de,yes\n")
    assert summary.set_aside == {RejectReason.BAD_CONSENT.value: 1}
    assert consents(home) == {"3": {"email": True}}
    assert "perhaps" in Path(str(summary.rejects_file)).read_text()


def test_the_latest_word_wins(home: Home, take: Take) -> None:
    said = event("consent", customer_id="1", properties={"email": False}, at=NOW - timedelta(hours=1))
    archive(home, [said])
    earlier, later = NOW - timedelta(days=1), NOW + timedelta(days=1)
    assert take("customer_id,newsletter\n1,yes\n", exported_at=earlier).reach.email == 0
    assert take("customer_id,newsletter\n1,yes\n", exported_at=later, dry_run=True).reach.email == 1
    text = "customer_id,Email Marketing Consent,Email Marketing Consent Timestamp\n2,yes,2024-05-01 10:00\n"
    take(text)
    at = history.scan(home).filter(customer_id="2").collect()["timestamp"].item()
    assert at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_it_says_why_nobody_may_be_written_to(home: Home, tmp_path: Path, take: Take) -> None:
    summary = orders(home, tmp_path, order("#1", "anna@example.com"))
    assert summary.reach[:3] == (1, 0, 0)
    assert "perennial import customers" in str(summary.reach.why)
    asked = take("email,newsletter\nanna@example.com,no\n")
    assert asked.reach.why == "everybody who was asked said no"


def test_orders_say_who_may_be_written_to(home: Home, tmp_path: Path) -> None:
    rows = [f"{order('#1', 'anna@example.com')},yes", f"{order('#2', 'bob@example.com')},maybe"]
    summary = orders(home, tmp_path, *rows, header=f"{ORDERS},Accepts Marketing")
    assert summary.reach[:3] == (2, 1, 0)
    assert (summary.taken, summary.purchase_lines) == (2, 2)
    assert any("neither yes nor no ('maybe')" in warning for warning in summary.warnings)
    again = orders(home, tmp_path, *rows, header=f"{ORDERS},Accepts Marketing")
    assert (again.id, again.taken, again.already_known) == (None, 0, 2)


def test_answers_stay_with_their_customers_where_rows_are_set_aside(home: Home, tmp_path: Path) -> None:
    unread = order("#1", "bob@example.com").replace("2026-10-01 10:00:00 +0000", "soon")
    rows = [f"{unread},no", f"{order('#2', 'anna@example.com')},yes", f"{order('#3', 'carl@example.com')},no"]
    summary = orders(home, tmp_path, *rows, header=f"{ORDERS},Accepts Marketing")
    assert summary.set_aside == {RejectReason.BAD_TIME.value: 1}
    anna, carl = map(people_key(home).email, ("anna@example.com", "carl@example.com"))
    assert consents(home) == {anna: {"email": True}, carl: {"email": False}}
    assert ",bob@example.com," in Path(str(summary.rejects_file)).read_text()


def test_a_file_without_customers_is_refused(home: Home, take: Take) -> None:
    with pytest.raises(ImportRefused, match="--map email=COLUMN"):
        take("color,size\nred,1\n")
    assert not home.root.exists()
    assert take("wer,wo\n4711,anna@example.com\n", maps=("customer_id=wer", "email=wo")).linked == 1


def test_a_dry_run_writes_nothing(home: Home, take: Take) -> None:
    summary = take("customer_id,email,newsletter\n1,a@x.de,yes\n", dry_run=True)
    assert (summary.taken, summary.linked, summary.reach.email) == (1, 1, 1)
    assert not home.root.exists()


def test_addresses_in_events_of_a_file_are_proofs_and_not_kept(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    signed_in = {
        "type": "identify",
        "customer_id": "4711",
        "anonymous_id": "a-1",
        "timestamp": "2026-10-01T10:00:00Z",
    }
    bought = {
        "type": "purchase",
        "timestamp": "2026-10-02T10:00:00Z",
        "order": {"order_id": "o-1", "items": [{"product_id": "t"}]},
    }
    events = [
        each | {"properties": {"email": "anna@example.com", "birthday": "05-17"}}
        for each in (signed_in, bought)
    ]
    path.write_text("\n".join(msgspec.json.encode(each).decode() for each in events))
    assert import_orders(home, path, received_at=NOW).linked == 1
    rows = history.scan(home).collect()
    assert rows["customer_id"].to_list() == ["4711", "4711"]
    assert "anna" not in rows.write_json()
    assert "05-17" in rows.write_json()


def ad_names(home: Home) -> dict[str, str]:
    """SHA-256 -> customer."""
    names = current_names(home).filter(pl.col("alias").str.len_chars() == 64)
    return dict(names.select("alias", "customer_id").iter_rows())


@pytest.mark.parametrize("header", ["advertising", "ad_user_data", "Accepts Advertising", "ads consent"])
def test_hashes_for_ad_platforms_are_kept_of_who_agreed_alone(home: Home, take: Take, header: str) -> None:
    rows = [
        "7, Anna@Example.com ,yes",
        "8,bob@example.com,no",
        "9,cat@example.com,",
        "10,,yes",
        "11,no address,yes",
    ]
    summary = take("\n".join([f"Customer ID,Email,{header}", *rows]))
    assert ad_names(home) == {sha256(b"anna@example.com").hexdigest(): "7"}
    assert consents(home)["8"] == {"advertising": False}
    assert summary.consents == 3
    assert take("\n".join([f"Customer ID,Email,{header}", *rows])).id is None


def test_a_hash_in_the_file_is_taken_as_it_is_and_one_of_two_people_is_neithers(
    home: Home, take: Take
) -> None:
    shared, own = "AB" * 32, sha256(b"eve@example.com").hexdigest()
    rows = [f"1,,{shared},yes", f"2,,{shared},yes", f"3,eve@example.com,{own.upper()},yes", "4,,nonsense,yes"]
    take("\n".join(["Customer ID,Email,email_sha256,advertising", *rows]))
    assert ad_names(home) == {own: "3"}
