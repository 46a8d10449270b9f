"""What came in, by file and live: import with columns to map, the catalogue's health, connections, events."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.console.forms import text
from api.console.language import Language
from api.console.own_api import Refused
from api.console.page import Console, Owner, Viewer
from api.console.saved_settings import as_problem

PAGE: Final = "/console/data"
KINDS: Final = ("orders", "catalogue", "customers")
USUAL: Final = (
    *("order_id", "email", "customer_id", "timestamp", "sku", "title", "unit_price", "line_total"),
    *("feed_id", "product_id", "price"),
)  # of all columns that will do, those that are named
NO_WORD: Final = re.compile(r"\W+")
GUESSED: Final = frozenset({"", "mapped"})  # formats that are not known by name
CHUNK_BYTES: Final = 1 << 20
EVENTS_SHOWN: Final = 30
router = APIRouter()


@router.get(PAGE)
async def overview(console: Viewer) -> Response:
    return console.render("data.html", **await _overview(console))


@router.get(f"{PAGE}/events")
async def events(console: Viewer) -> Response:
    live = await console.get("/v1/events", last=EVENTS_SHOWN)
    return console.render("data/events.html", live=live)


@router.post(f"{PAGE}/upload")
async def upload(console: Owner) -> Response:
    async with console.request.form() as form:  # closes the file
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            problem = {"detail": str(console.language.text("data.choose_a_file"))}
            return console.render("data.html", 422, **await _overview(console, problem))
        try:
            kept = await console.post("/v1/imports/files", _chunks(file), name=file.filename)
        except Refused as refused:
            shown = await _overview(console, as_problem(refused))
            return console.render("data.html", refused.status, **shown)
    return console.go(f"{PAGE}/files/{kept['id']}")


@router.get(f"{PAGE}/files/{{id}}")
async def columns(console: Owner, id: str, kind: str = "", sheet: str = "") -> Response:
    file = await console.get(f"/v1/imports/files/{id}", kind=kind or None, sheet=sheet or None)
    return console.render("data/columns.html", **_columns(console, file, sheet))


@router.post(f"{PAGE}/files/{{id}}/import")
async def start(console: Owner, id: str) -> Response:
    form = await console.form()
    file = await console.get(
        f"/v1/imports/files/{id}", kind=text(form, "kind"), sheet=text(form, "sheet") or None
    )
    chosen, twice = _chosen(file, form)
    if problem := _problem(console.language, file, chosen, twice):
        told = {**file, "columns": chosen}
        shown = _columns(console, told, text(form, "sheet"), problem=problem, form=form)
        return console.render("data/columns.html", 422, **shown)
    await console.post("/v1/imports", _ask(file, form, chosen))
    return console.go(f"{PAGE}/imports/{id}")


@router.get(f"{PAGE}/imports/{{id}}")
async def one_import(console: Viewer, id: str) -> Response:
    state = await console.get(f"/v1/imports/{id}")
    template = "data/state.html" if console.is_part() else "data/import.html"
    return console.render(template, state=state, reason=_reason_in(console.language))


@router.post(f"{PAGE}/imports/{{id}}/take")
async def take(console: Owner, id: str) -> Response:
    """Import what a dry run has tried."""
    tried = (await console.get(f"/v1/imports/{id}"))["ask"]
    if tried is None:
        raise HTTPException(404, "Nothing was tried yet.")
    await console.post("/v1/imports", {**tried, "dry_run": False})
    return console.go(f"{PAGE}/imports/{id}")


@router.post(f"{PAGE}/imports/{{id}}/undo")
async def undo(console: Owner, id: str) -> Response:
    await console.delete(f"/v1/imports/{id}")
    return console.go(f"{PAGE}/imports/{id}" if not id.startswith("f-") else PAGE)


async def _overview(console: Console, problem: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the first page shows; without the store, what is known without it."""
    health: dict[str, Any] | None = None
    connected: list[dict[str, Any]] = []
    try:
        health = await console.get("/v1/catalogue/health")
        connected = (await console.get("/v1/connections"))["connections"]
    except Refused as refused:
        problem = problem or as_problem(refused)
    imports = await console.get("/v1/imports")
    return {
        "health": health,
        "gaps": [field for field, lack in (health or {"missing": {}})["missing"].items() if lack["products"]],
        "connected": connected,
        "imports": imports["imports"],
        "files": [each for each in imports["files"] if each["state"] not in {"imported"}],
        "problem": problem,
        "now": datetime.now(UTC).isoformat(),
    }


def _columns(
    console: Console, file: dict[str, Any], sheet: str, problem: str = "", form: FormData | None = None
) -> dict[str, Any]:
    """What the page of columns shows. guesses: by header, our name and why it may be another."""
    texts = console.language.texts
    by_header = {header: name for name, header in file["columns"].items()}
    names = [each for each in file["names"] if f"columns.{each}" in texts or each in file["columns"]]
    found = file["columns"].keys()
    return {
        "file": file,
        "sheet": sheet,
        "kinds": KINDS,
        "ours": by_header,
        "labels": {each: _label(console.language, each) for each in names},
        "needed": [(_usual(console.language, group), bool(found & set(group))) for group in file["needed"]],
        "problem": problem,
        "form": form or {},
        "guessed": file["format"] in GUESSED,
    }


def _chosen(file: dict[str, Any], form: FormData) -> tuple[dict[str, str], str]:
    """Our name -> header as chosen, and a name that two columns were given."""
    chosen: dict[str, str] = {}
    twice = ""
    for number, header in enumerate(file["headers"]):
        if name := text(form, f"column-{number}"):
            twice = name if name in chosen else twice
            chosen[name] = header
    return chosen, twice


def _problem(language: Language, file: dict[str, Any], chosen: dict[str, str], twice: str) -> str:
    """What is wrong with the columns chosen; "" if nothing is."""
    if twice:
        return str(language.text("data.twice", name=_label(language, twice)))
    if file["format"] not in GUESSED:
        return ""
    lacking = [group for group in file["needed"] if not chosen.keys() & set(group)]
    what = ", ".join(_usual(language, group)[0] for group in lacking)
    return str(language.text("data.lacking_columns", what=what)) if lacking else ""


def _usual(language: Language, group: list[str]) -> list[str]:
    """Of columns of which any will do, those that a shop has, in words."""
    return [_label(language, each) for each in USUAL if each in group] or group


def _ask(file: dict[str, Any], form: FormData, chosen: dict[str, str]) -> dict[str, Any]:
    """The import as the API takes it. Of an export that is known by name, only what was changed is said."""
    is_guess = file["format"] in GUESSED
    changed = {name: header for name, header in chosen.items() if file["columns"].get(name) != header}
    fields = {name: text(form, name) for name in ("sheet", "decimal", "zone")}
    return {
        "file": file["id"],
        "kind": file["kind"],
        "map": chosen if is_guess else changed,
        "guess": not is_guess,
        "retire_missing": bool(text(form, "retire_missing")),
        "dry_run": text(form, "do") != "take",
        **{name: value for name, value in fields.items() if value},
    }


def _label(language: Language, name: str) -> str:
    """Our name of a column in words."""
    return language.texts.get(f"columns.{name}", name.replace("_", " "))


def _reason_in(language: Language) -> Any:
    """Why a row was set aside, in the reader's language where it is known there."""

    def said(reason: str) -> str:
        words, _, remedy = reason.partition(":")
        own = language.texts.get(f"reasons.{NO_WORD.sub('_', words.lower()).strip('_')}")
        detail = re.search(r" \([^()]*\)$", remedy)
        return reason if own is None else own + (detail[0] if detail else "")

    return said


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(CHUNK_BYTES):
        yield chunk
