"""Offers with their budgets and what each earned, and sets: which there are, and which never."""

from typing import Any, Final, get_args

from fastapi import APIRouter, HTTPException
from starlette.datastructures import FormData
from starlette.responses import Response

from api.console.forms import given, moment, names, new_id, now, number, revision, share, text
from api.console.own_api import Refused
from api.console.page import Console, Merchandiser, Viewer
from api.console.reports import first_records, report, tables
from api.console.saved_settings import SavedSettings, as_problem
from recommender.merchandising.audience import SEGMENT_NAMES
from recommender.offers.catalogue import OfferKind

PAGE: Final = "/console/offers"
OFFERS: Final = SavedSettings("/v1/offers/catalogue", "catalogue", PAGE, {})
KINDS: Final[tuple[str, ...]] = get_args(OfferKind)
PARTS: Final = ("offer", "budget", "set", "limits")
SETS_SHOWN: Final = 8
router = APIRouter()
OFFERS.add_way_back(router)


@router.get(PAGE)
async def all_offers(console: Viewer) -> Response:
    saved = await OFFERS.read(console)
    figures = await report(console, "offers")
    policies = await report(console, "policy")
    try:
        sets = (await console.get("/v1/bundles", k=SETS_SHOWN))["bundles"]
    except Refused:
        sets = []  # no model yet
    return console.render(
        "offers.html",
        saved=saved,
        now=now(),
        sets=sets,
        earned={row["offer"]: row for row in first_records(figures, "by_offer")},
        budgets={row["budget"]: row for row in first_records(figures, "budgets")},
        policies=list(tables(policies, "policies")),
    )


@router.get(f"{PAGE}/edit")
async def edit(console: Merchandiser, part: str, id: str = "") -> Response:
    saved = await OFFERS.read(console)
    return _form(console, part, _entry(saved["catalogue"], part, id), saved)


@router.post(f"{PAGE}/save")
async def save(console: Merchandiser) -> Response:
    form = await console.form()
    saved, part = await OFFERS.read(console), text(form, "part")
    changed = with_entry(saved["catalogue"], form)
    try:
        return await OFFERS.save(console, {"catalogue": changed, "revision": revision(form)})
    except Refused as refused:
        return _form(console, part, entry_of(form), saved, as_problem(refused))


@router.post(f"{PAGE}/remove")
async def remove(console: Merchandiser) -> Response:
    form = await console.form()
    saved = await OFFERS.read(console)
    kept = _without(saved["catalogue"], text(form, "part"), text(form, "id"))
    return await OFFERS.save(console, {**saved, "catalogue": kept})


def entry_of(form: FormData) -> dict[str, Any]:
    """What a form says, as a part of the API's catalogue."""
    part = text(form, "part")
    if part == "budget":
        fields = {"amount": number(form, "amount")}
    elif part == "set":
        return given({"name": text(form, "name"), "products": names(form, "products")})
    elif part == "limits":
        return _limits(form)
    else:
        fields = _offer(form)
    return given(
        {"id": text(form, "id"), "from": moment(form, "from"), "until": moment(form, "until"), **fields}
    )


def with_entry(catalogue: dict[str, Any], form: FormData) -> dict[str, Any]:
    """The catalogue with the form's entry in place of the one that has its id, or behind all."""
    part, entry = text(form, "part"), entry_of(form)
    if part == "limits":
        sets = {**catalogue.get("sets", {}), **entry.pop("sets")}
        return {**catalogue, **entry, "sets": sets}
    if part == "set":
        rest = _without(catalogue, "set", text(form, "was"))
        sets = rest.get("sets", {})
        return {**rest, "sets": {**sets, "fixed": [*sets.get("fixed", []), entry]}}
    field = f"{part}s"
    entries = catalogue.get(field, [])
    taken = [each["id"] for each in entries]
    if entry.get("id") in taken:
        return {**catalogue, field: [entry if each["id"] == entry["id"] else each for each in entries]}
    named = entry | {"id": new_id(text(form, "name") or entry.get("kind", part), taken)}
    return {**catalogue, field: [*entries, named]}


def _offer(form: FormData) -> dict[str, Any]:
    cap = {"times": number(form, "cap_times"), "days": number(form, "cap_days")}
    eligible = {
        "segments": names(form, "segments"),
        "tiers": names(form, "tiers"),
        "countries": names(form, "countries"),
        "channels": names(form, "channels"),
        "minimum_cart": number(form, "minimum_cart"),
        "first_order": {"yes": True, "no": False}.get(text(form, "first_order")),
    }
    return {
        "name": text(form, "name"),
        "kind": text(form, "kind"),
        "value": number(form, "value"),
        "cost": number(form, "cost"),
        "products": names(form, "products"),
        "budgets": names(form, "budgets"),
        "valid_days": number(form, "valid_days"),
        "minimum_margin": share(form, "minimum_margin"),
        "eligible": given(eligible),
        "cap": cap if cap["times"] is not None else None,
    }


def _limits(form: FormData) -> dict[str, Any]:
    contacts = {"times": number(form, "contacts_times"), "days": number(form, "contacts_days")}
    return {
        "contacts": contacts if contacts["times"] is not None else None,
        "minimum_margin": share(form, "minimum_margin") or 0.0,
        "exploration": share(form, "exploration") or 0.05,
        "sets": {
            "forbidden": names(form, "forbidden"),
            "apart": [_words(line) for line in text(form, "apart").splitlines() if line.strip()],
        },
    }


def _words(line: str) -> list[str]:
    return [word.strip() for word in line.replace("+", ",").split(",") if word.strip()]


def _entry(catalogue: dict[str, Any], part: str, id: str) -> dict[str, Any]:
    if part == "limits":
        return catalogue
    if part == "set":
        fixed = catalogue.get("sets", {}).get("fixed", [])
        return next((each for each in fixed if "+".join(each["products"]) == id), {})
    return next((each for each in catalogue.get(f"{part}s", []) if each["id"] == id), {})


def _without(catalogue: dict[str, Any], part: str, id: str) -> dict[str, Any]:
    if part == "set":
        sets = catalogue.get("sets", {})
        fixed = [each for each in sets.get("fixed", []) if "+".join(each["products"]) != id]
        return {**catalogue, "sets": {**sets, "fixed": fixed}}
    field = f"{part}s"
    return {**catalogue, field: [each for each in catalogue.get(field, []) if each["id"] != id]}


def _form(
    console: Console,
    part: str,
    entry: dict[str, Any],
    saved: dict[str, Any],
    problem: dict[str, Any] | None = None,
) -> Response:
    if part not in PARTS:
        raise HTTPException(404, "There is no such part of the offers.")
    return console.render(
        "offers/edit.html",
        422 if problem else 200,
        part=part,
        entry=entry,
        saved=saved,
        problem=problem,
        kinds=KINDS,
        segments=SEGMENT_NAMES,
    )
