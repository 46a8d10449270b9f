"""The documentation of routes that check their own input, made from the shapes they check with."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from api.schemas.recommendations import ProblemAnswer

REF = "#/components/schemas/{name}"
_documented: set[type] = {ProblemAnswer}

PROBLEMS = {
    400: "The body cannot be read.",
    401: "No key, or one that is not known.",
    403: "The key opens other doors.",
    409: "Somebody else was faster.",
    413: "The request is too large.",
    422: "A field is missing or wrong.",
    503: "Not now; try again after `Retry-After` seconds.",
}


def answers(shape: type, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its answer, and the problems."""
    problems: dict[int | str, dict[str, Any]] = {
        code: {"description": text, "content": {"application/problem+json": {"schema": _ref(ProblemAnswer)}}}
        for code, text in PROBLEMS.items()
    }
    good = {
        "description": (shape.__doc__ or "").strip(),
        "content": {"application/json": {"schema": _ref(shape)}},
    }
    return {status: good, **problems}


def parameters(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The `openapi_extra` of a route whose query holds the fields of `shape`; commas separate lists."""
    _, components = msgspec.json.schema_components([shape], ref_template=REF)
    schema = components[shape.__name__]
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": field,
                **({"style": "form", "explode": False} if field.get("type") == "array" else {}),
            }
            for name, field in schema["properties"].items()
        ]
    }


def takes(shape: type, *, listed: bool = False) -> dict[str, Any]:
    """The `openapi_extra` of a route with a body; `listed`: one, or `{"events": [...]}` of them."""
    one = _ref(shape)
    many = {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": one}},
    }
    schema = {"anyOf": [one, many]} if listed else one
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def install(app: FastAPI) -> None:
    """Add our shapes to the app's document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        shapes = sorted(_documented, key=lambda kind: kind.__name__)
        _, components = msgspec.json.schema_components(shapes, ref_template=REF)
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _ref(shape: type) -> dict[str, str]:
    _documented.add(shape)
    return {"$ref": REF.format(name=shape.__name__)}
