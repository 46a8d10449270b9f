"""What is written to whom: what is due, the coming days, one customer's, and the settings with the guides."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from api.console.forms import given, names, number, revision, share, text
from api.console.own_api import Refused
from api.console.page import Console, Merchandiser, Viewer
from api.console.saved_settings import SavedSettings, as_problem
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS
from recommender.lifecycle.vocabulary.settings import Settings

PAGE: Final = "/console/messages"
SETTINGS: Final = SavedSettings("/v1/triggers/settings", "settings", PAGE, {})
DEFAULTS: Final[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(Settings()))
GENERAL: Final = ("budget", "quiet", "delivery", "holds")
CHANNELS: Final = ("email", "sms", "push", "whatsapp", "phone", "post")
SHARES: Final = frozenset({"least_chance", "least_drop", "least_risk", "near_share", "top_share"})
EMPTY_GUIDES: Final = 1
router = APIRouter()
SETTINGS.add_way_back(router)


@router.get(PAGE)
async def overview(console: Viewer) -> Response:
    saved = await SETTINGS.read(console)
    due = await console.get("/v1/triggers/due")
    return console.render("messages.html", **_shown(saved), due=due)


@router.get(f"{PAGE}/calendar")
async def calendar(console: Viewer) -> Response:
    shown = await console.get("/v1/triggers/calendar")
    kinds = [kind for kind in MESSAGE_KINDS if any(kind in day["kinds"] for day in shown["days"])]
    return console.render("messages/calendar.html", calendar=shown, kinds=kinds)


@router.get(f"{PAGE}/preview")
async def preview_saved(console: Viewer, customer: str = "") -> Response:
    return await _preview(console, {"customer_id": customer.strip()})


@router.post(f"{PAGE}/preview")
async def preview_form(console: Merchandiser) -> Response:
    form = await console.form()
    changed = await _changed(console, form)
    return await _preview(console, {"customer_id": text(form, "customer"), "settings": changed})


@router.get(f"{PAGE}/settings")
async def edit(console: Merchandiser) -> Response:
    return console.render("messages/settings.html", **_shown(await SETTINGS.read(console)))


@router.post(f"{PAGE}/settings")
async def save(console: Merchandiser) -> Response:
    form = await console.form()
    return await _save(console, await _changed(console, form), revision(form), "messages/settings.html")


@router.post(f"{PAGE}/guides")
async def save_guides(console: Merchandiser) -> Response:
    form = await console.form()
    saved = await SETTINGS.read(console)
    changed = {**saved["settings"], "guides": guides_of(form)}
    return await _save(console, less_defaults(changed), revision(form), "messages/guides.html")


@router.get(f"{PAGE}/guides")
async def guides(console: Merchandiser) -> Response:
    return console.render("messages/guides.html", **_shown(await SETTINGS.read(console)))


async def _preview(console: Console, ask: dict[str, Any]) -> Response:
    try:
        shown = await console.post("/v1/triggers/preview", ask)
    except Refused as refused:
        return console.render("parts/refused.html", 422, problem=as_problem(refused))
    return console.render("messages/preview.html", shown=shown)


async def _save(console: Console, settings: dict[str, Any], revision: int, template: str) -> Response:
    """Save, or show the form again with what is wrong at its field."""
    try:
        return await SETTINGS.save(console, {"settings": settings, "revision": revision})
    except Refused as refused:
        saved = await SETTINGS.read(console)
        shown = _shown({**saved, "settings": _over(DEFAULTS, settings), "revision": revision})
        problem = as_problem(refused)
        return console.render(template, 422, **shown | {"problem": problem, "wrong": wrong_fields(problem)})


async def _changed(console: Console, form: FormData) -> dict[str, Any]:
    """The settings of the form, with the guides as saved; without what is as by default."""
    saved = await SETTINGS.read(console)
    return less_defaults({**settings_of(form), "guides": saved["settings"]["guides"]})


def _shown(saved: dict[str, Any]) -> dict[str, Any]:
    return {
        "saved": saved,
        "settings": saved["settings"],
        "kinds": MESSAGE_KINDS,
        "general": GENERAL,
        "channels": CHANNELS,
        "shares": SHARES,
        "problem": None,
        "wrong": {},
        "empty_guides": EMPTY_GUIDES,
    }


def settings_of(form: FormData) -> dict[str, Any]:
    """All settings but the guides, each field read as its default is."""
    plain = {
        "channels": names(form, "channels"),
        "consent": text(form, "consent"),
        "timezone": text(form, "timezone"),
        "products": number(form, "products"),
    }
    groups = {
        group: {name: _field(form, f"{group}.{name}", default) for name, default in DEFAULTS[group].items()}
        for group in (*GENERAL, *MESSAGE_KINDS)
    }
    return plain | groups


def _field(form: FormData, field: str, default: object) -> Any:
    """One field as its default's type wants it; what cannot be read goes on as it is."""
    name = field.rpartition(".")[2]
    if isinstance(default, bool):
        return bool(text(form, field))
    if isinstance(default, dict):
        pairs = (each.partition("=") for each in names(form, field))
        return {key.strip(): _number(value) for key, _, value in pairs}
    if isinstance(default, list):
        texts = [each.strip() for each in re.split(r"[;,\s]+", text(form, field)) if each.strip()]
        return texts if name in {"offers", "statuses"} else [_number(each) for each in texts]
    if isinstance(default, int | float):
        return share(form, field) if name in SHARES else number(form, field)
    return text(form, field)


def _number(written: str) -> float | str:
    try:
        return float(written)
    except ValueError:
        return written


def guides_of(form: FormData) -> list[dict[str, Any]]:
    """The rows of the table that have a name."""
    rows = range(len(form.getlist("row")))
    return [
        given(
            {
                "id": text(form, f"id-{row}"),
                "title": text(form, f"title-{row}"),
                "url": text(form, f"url-{row}"),
                "products": names(form, f"products-{row}"),
                "categories": names(form, f"categories-{row}"),
            }
        )
        for row in rows
        if text(form, f"id-{row}")
    ]


def less_defaults(settings: Mapping[str, Any], defaults: Mapping[str, Any] = DEFAULTS) -> dict[str, Any]:
    """Without what is as by default, so that it follows the defaults, also later ones."""
    kept: dict[str, Any] = {}
    for name, value in settings.items():
        default = defaults.get(name)
        if isinstance(value, dict) and isinstance(default, dict) and name != "by_country":
            value = less_defaults(value, default)  # noqa: PLW2901
            default = {}
        if value != default:
            kept[name] = value
    return kept


def _over(defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults with these settings in their place."""
    whole = dict(defaults)
    for name, value in settings.items():
        before = defaults.get(name)
        merges = isinstance(value, dict) and isinstance(before, dict)
        whole[name] = _over(before, value) if merges else value  # type: ignore[arg-type]
    return whole


def wrong_fields(problem: Mapping[str, Any]) -> dict[str, str]:
    """Field, like `budget.contacts`, -> what is wrong with it."""
    wrong: dict[str, str] = {}
    for error in problem.get("errors", ()):
        field, message = str(error.get("field") or ""), str(error.get("message", ""))
        named = re.match(r"`([a-z_.]+)`", message) if field == "settings" else None
        path = named[1] if named else field.removeprefix("settings.")
        wrong[re.sub(r"\[.*", "", path)] = message
    return wrong
