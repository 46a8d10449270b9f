"""`perennial report` as it is typed: every format, a day of the past, a shop without orders."""

import csv
import io
import json

import pytest
import redis
from sales import sale, shop_of
from typer.testing import CliRunner
from visits import assignment, impression, write_impressions

from features.home import Home
from features.insights.report_files import read_report
from features.people.kept_emails import begin_keeping, email_seal, put_emails
from features.people.names import people_key
from features.store import keys
from training.cli.report import report
from training.experiments.plans import all_plans

runner = CliRunner()


def run(home: Home, *words: str) -> str:
    result = runner.invoke(report, [*words, "--home", str(home.root)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def shop(home: Home) -> Home:
    """Two customers, one of whom came back in June."""
    shop_of(home, [sale("o-1", "ann", "05-01"), sale("o-2", "bob", "05-02"), sale("o-3", "ann", "06-02")])
    return home


def test_on_the_terminal(shop: Home) -> None:
    text = run(shop, "kpi")
    assert "Repeat rate" in text
    assert "30.00 EUR" in text
    assert "█" in text


@pytest.mark.parametrize("about", ["kpi", "cohorts", "segments", "channels", "affinities"])
def test_as_json_and_in_a_file_for_the_service(shop: Home, about: str) -> None:
    document = json.loads(run(shop, "kpi", "--about", about, "--format", "json"))
    assert (document["name"], document["as_of"]) == (about, "2026-06-02")
    assert json.loads(read_report(shop, about) or b"") == document


def test_a_day_of_the_past_leaves_the_service_s_figures_alone(shop: Home) -> None:
    document = json.loads(run(shop, "kpi", "--as-of", "2026-05-15", "--format", "json"))
    figures = {each["name"]: each["value"] for each in document["parts"][0]["figures"]}
    assert (document["as_of"], figures["orders"], figures["repeat_rate"]) == ("2026-05-15", 2, 0.0)
    assert read_report(shop, "kpi") is None


def test_a_period_beside_the_one_before(shop: Home) -> None:
    period = ("--from", "2026-05-02", "--to", "2026-05-31", "--format", "json")
    document = json.loads(run(shop, "kpi", *period))
    assert document["period"] == {"first": "2026-05-02", "last": "2026-05-31"}
    assert {each["name"] for each in document["parts"][0]["figures"]} >= {
        "revenue",
        "margin",
        "new_customers",
    }
    assert read_report(shop, "kpi") is None
    shown = json.loads(run(shop, "recommendations", "--days", "7", "--format", "json"))
    assert "No answer yet" in shown["notes"][0]


def test_an_experiment_by_its_id_and_what_all_of_it_earned(shop: Home) -> None:
    write_impressions(
        shop, impression("ann", "05-02", assignment("a")), impression("bob", "05-01", assignment("b"))
    )
    document = json.loads(run(shop, "experiment", "--format", "json"))
    assert (document["name"], [table["name"] for table in document["parts"][0]["tables"]]) == (
        "experiments",
        ["earned", "x", "x:arms"],
    )
    assert json.loads(read_report(shop, "experiments") or b"") == document
    (shop.reports / "experiments.json").unlink()
    assert "x: the arms" in run(shop, "experiment", "x")
    assert "planned_share" in run(shop, "experiment", "x", "--format", "csv")
    assert run(shop, "experiment", "--as-of", "2026-05-20", "--format", "html").startswith("<!doctype html>")
    assert read_report(shop, "experiments") is None  # of all of it, and of today


def test_an_experiment_that_nobody_has_seen(shop: Home) -> None:
    result = runner.invoke(report, ["experiment", "nonsense", "--home", str(shop.root)])
    assert result.exit_code == 1
    assert "Seen: none" in result.output


def test_the_store_s_experiments_are_remembered(
    shop: Home, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    version = {"revision": 1, "saved_at": None, "settings": [{"id": "y", "arms": [{"id": "a"}, {"id": "b"}]}]}
    with redis.Redis.from_url(redis_url) as client:
        client.lpush(keys.experiment_settings(), json.dumps({**version, "settings": ["unreadable"]}))
        client.lpush(keys.experiment_settings(), json.dumps(version))
    run(shop, "experiment")
    assert [plan.id for plan in all_plans(shop).values()] == ["y"]


def test_customers_as_a_table_of_their_own(shop: Home) -> None:
    rows = list(csv.DictReader(io.StringIO(run(shop, "customers", "--format", "csv"))))
    assert [(row["customer_id"], row["orders"], row["revenue"]) for row in rows] == [
        ("ann", "2", "20.0"),
        ("bob", "1", "10.0"),
    ]


def test_customers_by_what_their_owner_recognises(shop: Home) -> None:
    digest = str(people_key(shop).email("eve@shop.example"))
    named = [sale("o-4", digest, "05-03"), sale("o-5", "ab" * 32, "05-04")]
    shop_of(shop, named)
    begin_keeping(shop)
    sealed = email_seal(shop)
    assert sealed
    put_emails(shop, [(digest, digest, sealed.sealed(digest, "eve@shop.example"))])
    table = run(shop, "customers", "--format", "csv")
    emails = {row["customer_id"]: row["email"] for row in csv.DictReader(io.StringIO(table))}
    assert emails == {f"{digest[:10]}…": "eve@shop.example", "c-abababab…": "", "ann": "", "bob": ""}
    assert not [path for path in shop.reports.iterdir() if b"eve@" in path.read_bytes()]


def test_as_a_page(shop: Home) -> None:
    assert run(shop, "customers", "--format", "html").startswith("<!doctype html>")


def test_a_shop_without_orders(home: Home) -> None:
    assert "perennial import orders" in " ".join(run(home, "kpi").split())


def test_a_day_that_is_none(shop: Home) -> None:
    result = runner.invoke(report, ["kpi", "--as-of", "soon", "--home", str(shop.root)])
    assert result.exit_code == 2
