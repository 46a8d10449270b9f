"""The merchant's rules: what they say, a form for each kind, what a change would do, and the way back."""

from typing import Any, Final

from fastapi import APIRouter, HTTPException
from starlette.datastructures import FormData
from starlette.responses import Response

from api.console.forms import audience, given, moment, names, new_id, now, number, revision, share, text
from api.console.own_api import Refused
from api.console.page import Console, Merchandiser, Viewer
from api.console.saved_settings import SavedSettings, as_problem
from recommender.context.request import PLACEMENTS
from recommender.merchandising.audience import SEGMENT_NAMES

PAGE: Final = "/console/merchandising"
RULES: Final = SavedSettings("/v1/merchandising", "rules", PAGE, [])
KINDS: Final = ("hide", "boost", "bury", "pin", "cap", "diversity", "rotation", "margin")
router = APIRouter()
RULES.add_way_back(router)


@router.get(PAGE)
async def all_rules(console: Viewer) -> Response:
    saved = await RULES.read(console)
    return console.render("merchandising.html", saved=saved, kinds=KINDS, now=now(), placements=PLACEMENTS)


@router.get(f"{PAGE}/edit")
async def edit(console: Merchandiser, kind: str = "", rule: str = "") -> Response:
    saved = await RULES.read(console)
    chosen = next((each for each in saved["rules"] if each["id"] == rule), {"kind": kind})
    return _form(console, chosen, saved["revision"])


@router.post(f"{PAGE}/preview")
async def preview(console: Merchandiser) -> Response:
    form = await console.form()
    saved = _with_rule(await RULES.read(console), form)
    question = given(
        {
            "placement": text(form, "ask_placement"),
            "customer_id": text(form, "ask_customer"),
            "product_id": text(form, "ask_product"),
            "cart": names(form, "ask_cart"),
            "k": 8,
        }
    )
    current, changed = [
        await console.post("/v1/merchandising/preview", {"rules": rules, "request": question})
        for rules in (saved["before"], saved["rules"])
    ]
    return console.render(
        "merchandising/preview.html",
        before=current["after"],
        after=changed["after"],
        warnings=changed["warnings"],
    )


@router.post(f"{PAGE}/save")
async def save(console: Merchandiser) -> Response:
    form = await console.form()
    saved = _with_rule(await RULES.read(console), form)
    try:
        return await RULES.save(console, {**saved, "revision": revision(form)})
    except Refused as refused:
        return _form(console, rule_of(form), text(form, "revision"), as_problem(refused))


@router.post(f"{PAGE}/remove")
async def remove(console: Merchandiser) -> Response:
    form = await console.form()
    saved = await RULES.read(console)
    rest = [rule for rule in saved["rules"] if rule["id"] != text(form, "rule")]
    return await RULES.save(console, {**saved, "rules": rest})


def rule_of(form: FormData) -> dict[str, Any]:
    """A rule as the API takes it."""
    kind = text(form, "kind")
    targets = {
        "products": names(form, "products"),
        "categories": names(form, "categories"),
        "brands": names(form, "brands"),
        "newer_than_days": number(form, "newer_than_days"),
    }
    by = {"by": text(form, "by")}
    of_kind: dict[str, dict[str, Any]] = {
        "hide": targets,
        "boost": targets | {"factor": number(form, "factor")},
        "bury": targets | {"factor": number(form, "factor")},
        "pin": {"product_id": text(form, "product_id"), "position": number(form, "position")},
        "cap": by | {"most": number(form, "most"), "only": names(form, "only")},
        "diversity": by | {"in_a_row": number(form, "in_a_row")},
        "rotation": {"days": number(form, "days")},
        "margin": {"minimum": share(form, "minimum")},
    }
    shared = {
        "id": text(form, "id"),
        "name": text(form, "name"),
        "kind": kind,
        "placements": names(form, "placements"),
        "from": moment(form, "from"),
        "until": moment(form, "until"),
        "audience": audience(form, "audience"),
        "not_for": audience(form, "not_for"),
    }
    return given(shared | of_kind.get(kind, {}))


def _with_rule(saved: dict[str, Any], form: FormData) -> dict[str, Any]:
    """The saved rules with the form's in its place, or behind them. before: as they are saved."""
    rules, rule = saved["rules"], rule_of(form)
    taken = [each["id"] for each in rules]
    if rule.get("id") in taken:
        after = [rule if each["id"] == rule["id"] else each for each in rules]
    else:
        after = [*rules, rule | {"id": new_id(rule.get("name", rule.get("kind", "")), taken)}]
    return {**saved, "rules": after, "before": rules}


def _form(
    console: Console, rule: dict[str, Any], revision: Any, problem: dict[str, Any] | None = None
) -> Response:
    if rule.get("kind") not in KINDS:
        raise HTTPException(404, "There is no such kind of rule.")
    return console.render(
        "merchandising/edit.html",
        422 if problem else 200,
        rule=rule,
        revision=revision,
        problem=problem,
        placements=PLACEMENTS,
        segments=SEGMENT_NAMES,
    )
