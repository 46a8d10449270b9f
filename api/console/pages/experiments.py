"""Experiments in plain words: how far each is, what it says, what it needs, and a form to start one."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from api.console.forms import given, moment, names, new_id, now, number, revision, share, text
from api.console.own_api import Refused
from api.console.page import Console, Merchandiser, Viewer
from api.console.reports import records, report, tables
from api.console.saved_settings import SavedSettings, as_problem
from recommender.context.request import PLACEMENTS

PAGE: Final = "/console/experiments"
EXPERIMENTS: Final = SavedSettings("/v1/experiments", "experiments", PAGE, [])
MOST_ARMS: Final = 4
router = APIRouter()
EXPERIMENTS.add_way_back(router)


@router.get(PAGE)
async def all_experiments(console: Viewer) -> Response:
    saved = await EXPERIMENTS.read(console)
    figures = await report(console, "experiments")
    return console.render(
        "experiments.html",
        saved=saved,
        figures=figures,
        now=now(),
        earned=_earned(figures),
        verdicts_of=_verdicts,
        told={each["id"]: _told(figures, each["id"]) for each in saved["experiments"]},
        earlier=_earlier(figures, {each["id"] for each in saved["experiments"]}),
    )


@router.get(f"{PAGE}/edit")
async def edit(console: Merchandiser, id: str = "") -> Response:
    saved = await EXPERIMENTS.read(console)
    chosen: dict[str, Any] = next((each for each in saved["experiments"] if each["id"] == id), {})
    return await _form(console, chosen, saved)


@router.post(f"{PAGE}/save")
async def save(console: Merchandiser) -> Response:
    form = await console.form()
    saved = await EXPERIMENTS.read(console)
    try:
        entry = experiment_of(form)
        changed = _with_experiment(saved["experiments"], entry)
        return await EXPERIMENTS.save(console, {"experiments": changed, "revision": revision(form)})
    except msgspec.DecodeError as error:
        problem = {"detail": str(console.language.text("experiments.bad_json", problem=str(error)))}
        return await _form(console, {"name": text(form, "name")}, saved, problem)
    except Refused as refused:
        return await _form(console, entry, saved, as_problem(refused))


@router.post(f"{PAGE}/end")
async def end(console: Merchandiser) -> Response:
    """End one now: its visitors see the shop as it is from the next answer on, and its figures stay."""
    form = await console.form()
    saved = await EXPERIMENTS.read(console)
    ended = [
        {**each, "until": datetime.now(UTC).isoformat()} if each["id"] == text(form, "id") else each
        for each in saved["experiments"]
    ]
    return await EXPERIMENTS.save(console, {**saved, "experiments": ended})


def experiment_of(form: FormData) -> dict[str, Any]:
    """An experiment as the API takes it. Raises msgspec.DecodeError where rules or widget are no JSON."""
    arms = [_arm(form, index) for index in range(MOST_ARMS) if text(form, f"arm_{index}")]
    return given(
        {
            "id": text(form, "id"),
            "name": text(form, "name"),
            "arms": arms,
            "placements": names(form, "placements"),
            "from": moment(form, "from"),
            "until": moment(form, "until"),
            "worthwhile": share(form, "worthwhile"),
        }
    )


def _arm(form: FormData, index: int) -> dict[str, Any]:
    rules, widget = text(form, f"rules_{index}"), text(form, f"widget_{index}")
    arm = given(
        {
            "id": new_id(text(form, f"arm_{index}"), []),
            "weight": number(form, f"weight_{index}"),
            "model": text(form, f"model_{index}"),
            "rules": msgspec.json.decode(rules) if rules else None,
            "widget": msgspec.json.decode(widget) if widget else None,
            "offers": names(form, f"offers_{index}"),
        }
    )
    return arm | ({"offers": []} if text(form, f"no_offers_{index}") else {})


def _with_experiment(saved: list[dict[str, Any]], entry: dict[str, Any]) -> list[dict[str, Any]]:
    taken = [each["id"] for each in saved]
    if entry.get("id") in taken:
        return [entry if each["id"] == entry["id"] else each for each in saved]
    return [*saved, entry | {"id": new_id(entry.get("name", "experiment"), taken)}]


def _earned(figures: dict[str, Any]) -> list[tuple[str | None, dict[str, Any]]]:
    """What the last 28 days brought, of each currency."""
    return [
        (currency, row)
        for currency, table in tables(figures, "earned")
        for row in records(table)
        if row["days"] == 28
    ]


def _told(figures: dict[str, Any], id: str) -> list[tuple[str | None, dict[str, Any]]]:
    """Its tables: the differences, then the arms."""
    return [*tables(figures, id), *tables(figures, f"{id}:arms")]


def _verdicts(told: list[tuple[str | None, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What each arm came to against the first, by the metric that decides, in the first currency."""
    if not told:
        return []
    effects, arms = (
        records(next(table for _, table in told if table["name"].endswith(":arms") == is_arms))
        for is_arms in (False, True)
    )
    control, *treated = arms
    of_arm = [
        (
            arm,
            next(
                (row for row in effects if len(arms) == 2 or row["compared"].startswith(f"{arm['arm']}: ")),
                {},
            ),
        )
        for arm in treated
    ]
    return [effect | arm | {"control": control["arm"]} for arm, effect in of_arm if arm["decision"]]


def _earlier(figures: dict[str, Any], known: set[str]) -> dict[str, list[tuple[str | None, dict[str, Any]]]]:
    """Tables of experiments that are no longer saved, by id."""
    found = [table["name"] for part in figures["parts"] for table in part["tables"]]
    ids = dict.fromkeys(name.removesuffix(":arms") for name in found if f"{name}:arms" in found)
    return {id: _told(figures, id) for id in ids if id not in known}


async def _form(
    console: Console, entry: dict[str, Any], saved: dict[str, Any], problem: dict[str, Any] | None = None
) -> Response:
    offers = await console.get("/v1/offers/catalogue")
    return console.render(
        "experiments/edit.html",
        422 if problem else 200,
        entry=entry,
        saved=saved,
        problem=problem,
        placements=PLACEMENTS,
        offers=offers["catalogue"].get("offers", []),
        arms=MOST_ARMS,
    )
