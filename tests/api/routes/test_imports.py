"""Files that come by HTTP are read, tried, taken and taken back as `perennial import` does it.

Covers api/serving/uploads.py and api/serving/import_process.py, too.
"""

import fcntl
import os
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from api.schemas.imports import ImportAsk, Imports, ImportState, TakenBack, UploadedFile
from api.serving.uploads import Asked, file_name, write_asked
from api.web.settings import ApiSettings
from features.home import Home

from waiting import eventually

ORDERS = """\
Bestellnr.;Datum;Artikel;Menge;Preis;Bemerkung
1001;13.01.2026;Tasse blau;2;1.234,50;bitte als Geschenk
1002;14.01.2026;Topf;1;8,00;
1003;15.01.2026;;1;8,00;
"""
WAIT_S = 60
COLUMNS = {
    "order_id": "Bestellnr.",
    "timestamp": "Datum",
    "title": "Artikel",
    "quantity": "Menge",
    "unit_price": "Preis",
}


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(watch_interval_ms=20, drain_s=1, max_upload_mb=1)


def upload(
    http: httpx.Client, text: str | bytes, name: str = "bestellungen.csv", **query: str
) -> httpx.Response:
    return http.post("/v1/imports/files", params={"name": name, **query}, content=text, timeout=WAIT_S)


def finished(http: httpx.Client, **ask: Any) -> ImportState:
    begun = http.post("/v1/imports", json=ask)
    assert begun.status_code == 202, begun.text
    states: list[ImportState] = []

    def is_done() -> bool:
        answer = http.get(f"/v1/imports/{ask['file']}")
        states.append(msgspec.json.decode(answer.content, type=ImportState))
        return states[-1].state != "running"

    eventually(is_done, WAIT_S)
    return states[-1]


def test_a_german_file_is_mapped_tried_taken_and_taken_back(http: httpx.Client, served_home: Home) -> None:
    sent = upload(http, ORDERS)
    assert sent.status_code == 201, sent.text
    file = msgspec.json.decode(sent.content, type=UploadedFile)
    assert (file.kind, file.file, file.rows, file.problem) == ("orders", "bestellungen.csv", 3, None)
    assert file.columns == COLUMNS
    assert file.samples[0] == ["1001", "13.01.2026", "Tasse blau", "2", "1.234,50", "bitte als Geschenk"]
    ask = {"file": file.id, "map": COLUMNS, "guess": False, "zone": "Europe/Berlin"}
    tried = finished(http, **ask, dry_run=True)
    assert tried.state == "checked"
    assert tried.summary is not None
    assert (tried.summary["taken"], tried.summary["orders"], tried.summary["id"]) == (2, 2, None)
    assert tried.summary["money"][""]["revenue"] == 2477.0
    assert http.get("/v1/imports").json()["imports"] == []

    done = finished(http, **ask)
    assert done.state == "imported", done.problem
    assert done.record is not None
    assert (done.record.files, done.record.taken, done.record.undone_at) == (("bestellungen.csv",), 2, None)
    assert done.rejects is not None
    assert [row[:3] for row in done.rejects.rows] == [["4", "Product id (SKU) missing: fill it in", "1003"]]
    assert str(served_home.root) not in (done.problem or "")
    eventually(lambda: not list(served_home.uploads.glob("f-*/*.csv")))  # what was taken is not needed
    assert http.get(f"/v1/imports/files/{file.id}").status_code == 404
    listed = msgspec.json.decode(http.get("/v1/imports").content, type=Imports)
    assert [each.id for each in listed.imports] == [done.record.id]
    assert [each.state for each in listed.files] == ["imported"]

    shown = msgspec.json.decode(http.get(f"/v1/imports/{done.record.id}").content, type=ImportState)
    assert (shown.state, shown.rejects) == ("imported", done.rejects)
    taken = http.delete(f"/v1/imports/{done.record.id}", timeout=WAIT_S)
    assert taken.status_code == 200, taken.text
    assert msgspec.json.decode(taken.content, type=TakenBack).rows == 2
    assert http.get(f"/v1/imports/{done.record.id}").json()["state"] == "taken_back"


def test_a_refused_file_gets_the_words_of_the_command(http: httpx.Client, served_home: Home) -> None:
    file = upload(http, ORDERS).json()["id"]
    refused = finished(http, file=file, map={"order_id": "Bestellnr"}, guess=False)
    assert refused.state == "refused"
    assert refused.problem is not None
    assert refused.problem.startswith("Still missing: when it was ordered; the product")
    assert "perennial import orders bestellungen.csv" in refused.problem
    moon = http.post("/v1/imports", json={"file": file, "kind": "customers", "zone": "UTC"})
    assert (moon.status_code, moon.json()["detail"]) == (
        422,
        "zone: an import of customers takes exported, sheet.",
    )
    assert http.delete(f"/v1/imports/{file}").status_code == 200
    assert list(served_home.uploads.iterdir()) == []


def test_every_process_sees_what_runs_and_what_has_died(
    http: httpx.Client, other_http: httpx.Client, served_home: Home
) -> None:
    """A process that imports holds its answer locked, whoever started it."""
    id = "f-0123456789abcdef"
    folder = served_home.uploads / id
    folder.mkdir()
    (folder / "orders.csv").write_text(ORDERS)
    write_asked(folder, Asked("orders.csv", datetime.now(UTC), ImportAsk(id)))
    (folder / "progress.json").write_text('{"step": "checking", "done": 1, "total": 3}')
    with (folder / "result.json").open("wb") as result:
        fcntl.flock(result, fcntl.LOCK_EX)
        for each in (http, other_http):
            shown = each.get(f"/v1/imports/{id}").json()
            assert (shown["state"], shown["progress"]["done"]) == ("running", 1)
            assert each.delete(f"/v1/imports/{id}").status_code == 409
            assert each.post("/v1/imports", json={"file": id}).status_code == 409
    died = other_http.get(f"/v1/imports/{id}").json()
    assert died["state"] == "stopped"
    assert "Import the file again" in died["problem"]
    os.utime(folder, (0, 0))
    assert upload(http, "").status_code == 422  # each that comes sweeps out what nobody has imported
    assert list(served_home.uploads.iterdir()) == []


def test_what_cannot_be_read_or_found_is_said(http: httpx.Client, served_home: Home) -> None:
    page = upload(http, "<html>", "orders.csv")
    assert page.status_code == 422
    assert "orders.csv is a web page or XML, not a table" in page.json()["detail"]
    assert upload(http, b" " * 1_000_001).status_code == 413
    assert upload(http, "").status_code == 422
    assert upload(http, "a", kind="novel").status_code == 422
    assert list(served_home.uploads.iterdir()) == []  # nothing of them is kept
    for unknown in ("f-0123456789abcdef", "20260101", "..%2f..", "f-.."):
        assert http.get(f"/v1/imports/{unknown}").status_code == 404, unknown
        assert http.delete(f"/v1/imports/{unknown}").status_code == 404, unknown
    assert http.post("/v1/imports", json={"file": "f-0123456789abcdef"}).status_code == 404
    assert http.post("/v1/imports", json={"file": "../keys"}).status_code == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\shop\\Bestellungen März.csv", "Bestellungen März.csv"),
        ("--home=x.csv", "home_x.csv"),
        ("..", "upload.csv"),
        ("a\x00b\n.csv", "a_b_.csv"),
    ],
)
def test_a_name_leads_nowhere(sent: str, kept: str) -> None:
    assert file_name(sent) == kept


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the libraries that read files are not installed."""
    from api.serving.import_process import require_importers
    from api.web.problems import Problem

    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(Problem, match=r"pip install 'perennial\[training\]'") as problem:
        require_importers()
    assert problem.value.status == 501
