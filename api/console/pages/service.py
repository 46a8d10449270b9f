"""The model and the service: versions and how good they are, training, keys, and who may sign in."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.console.forms import text
from api.console.own_api import Refused
from api.console.page import Console, Owner, Viewer
from api.console.saved_settings import as_problem
from features.merchant.users import ROLES

PAGE: Final = "/console/service"
MEASURE: Final = "hr@10"  # in words: whether one of ten suggestions was right
ALMOST: Final = 0.97  # of a training, however long it takes
router = APIRouter()


@router.get(PAGE)
async def service_page(console: Viewer) -> Response:
    return await _page(console)


@router.get(f"{PAGE}/training")
async def training(console: Viewer) -> Response:
    """The part that follows a training; the whole page once it has ended."""
    state = await console.get("/v1/trainings")
    return (
        console.render("service/training.html", **_training(state)) if _goes_on(state) else console.go(PAGE)
    )


@router.post(f"{PAGE}/train")
async def train(console: Owner) -> Response:
    return console.render("service/training.html", **_training(await console.post("/v1/trainings")))


@router.post(f"{PAGE}/publish")
async def publish(console: Owner) -> Response:
    form = await console.form()
    version, force = text(form, "version"), text(form, "force") == "yes"
    return await _changed(console, f"/v1/models/{version}/publish", {"force": force})


@router.post(f"{PAGE}/rollback")
async def roll_back(console: Owner) -> Response:
    return await _changed(console, "/v1/models/rollback")


@router.post(f"{PAGE}/keys")
async def make_key(console: Owner) -> Response:
    form = await console.form()
    made = await console.post("/v1/keys", {"scope": text(form, "scope"), "name": text(form, "name")})
    return await _page(console, made=made)  # and no redirect: the key is shown this once


@router.post(f"{PAGE}/keys/revoke")
async def revoke_key(console: Owner) -> Response:
    await console.delete(f"/v1/keys/{text(await console.form(), 'prefix')}")
    return console.go(f"{PAGE}#keys")


@router.post(f"{PAGE}/users")
async def save_user(console: Owner) -> Response:
    form = await console.form()
    user = {"role": text(form, "role"), "password": str(form.get("password", ""))}
    return await _changed(console, f"/v1/users/{text(form, 'name')}", user, put=True)


@router.post(f"{PAGE}/users/remove")
async def remove_user(console: Owner) -> Response:
    await console.delete(f"/v1/users/{text(await console.form(), 'name')}")
    return console.go(f"{PAGE}#users")


async def _changed(console: Console, path: str, body: Any = None, *, put: bool = False) -> Response:
    """The page after a change, with what was wrong where it was refused."""
    try:
        await (console.put(path, body) if put else console.post(path, body))
    except Refused as refused:
        return await _page(console, problem=as_problem(refused))
    return console.go(PAGE)


async def _page(
    console: Console, made: dict[str, Any] | None = None, problem: dict[str, Any] | None = None
) -> Response:
    models = await console.get("/v1/models")
    is_owner = console.person.may("owner")
    return console.render(
        "service.html",
        422 if problem else 200,
        health=await _health(console),
        models=models,
        serving=next((each for each in models["models"] if each["serves"]), None),
        history=_history(models["models"]),
        measure=MEASURE,
        keys=await console.get("/v1/keys") if is_owner else None,
        users=await console.get("/v1/users") if is_owner else None,
        roles=ROLES,
        made=made,
        problem=problem,
        **_training(await console.get("/v1/trainings")),
    )


async def _health(console: Console) -> dict[str, Any]:
    """What `/readyz` says; without a model it says it with 503."""
    try:
        health: dict[str, Any] = await console.get("/readyz")
    except Refused as refused:
        return {"parts": {}, **refused.problem}
    return {"parts": {}, **health}


def _goes_on(state: Mapping[str, Any]) -> bool:
    return bool(state["running"] or state["asked_at"])


def _training(state: dict[str, Any]) -> dict[str, Any]:
    """share: how far the running training is, by how long the one before took; None: nobody knows."""
    share, usual = None, state["usual_seconds"]
    if state["running"] and state["last"] and usual:
        began = datetime.fromisoformat(state["last"]["began_at"])
        share = min((datetime.now(UTC) - began).total_seconds() / usual, ALMOST)
    return {"training": state, "share": share, "goes_on": _goes_on(state)}


def _history(models: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How good the last version of each day was. models: newest first."""
    by_day = {each["trained_at"][:10]: each for each in reversed(models) if each["examined"]}
    tasks = dict.fromkeys(task["task"] for each in by_day.values() for task in each["examined"])
    values = {task: [_value(each, task) for each in by_day.values()] for task in tasks}
    return {"days": list(by_day), "values": values}


def _value(model: dict[str, Any], task: str) -> float | None:
    measured = (each["measures"].get(MEASURE) for each in model["examined"] if each["task"] == task)
    value: float | None = next((each["perennial"]["value"] for each in measured if each), None)
    return value
