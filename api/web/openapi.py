"""The documentation of routes that check their own input, made from the shapes they check with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Response

from api.schemas.recommendations import ProblemAnswer

Json = dict[str, Any]
NULL = {"type": "null"}
REF = "#/components/schemas/{name}"
JSON, NDJSON, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
BINARY = "application/octet-stream"
EXAMPLES = Path(__file__).with_name("examples.json")  # by method and path: query, path, body, answer
DOCUMENTED_SHAPES: dict[str, type] = {"ProblemAnswer": ProblemAnswer}  # all that are documented, by name

TAGS = [
    {"name": "recommendations", "description": "What to show this person, here and now."},
    {"name": "events", "description": "What shoppers do, sent as it happens: the next answer knows it."},
    {"name": "e-mail", "description": "Products for e-mails, for one customer or for all of them."},
    {"name": "customers", "description": "What is known and expected of a customer, and loyalty tiers."},
    {"name": "offers", "description": "The next best offer, sets at one price, and what the shop offers."},
    {"name": "triggers", "description": "Whom to write to now, and why."},
    {"name": "catalogue", "description": "Stock, prices and titles as they change."},
    {"name": "merchandising", "description": "The merchant's rules, and a look at what they would change."},
    {"name": "experiments", "description": "What is tried on whom."},
    {"name": "imports", "description": "Exports of the shop, taken in and back; what comes in live."},
    {"name": "insights", "description": "The figures that the owner steers by."},
    {"name": "operations", "description": "Whether the service runs and is ready; open to all."},
]
PROBLEMS = {
    400: "The body cannot be read.",
    401: "No key, or one that is not known.",
    403: "A public key, where a secret one is needed.",
    404: "There is no such thing.",
    409: "Somebody else was faster.",
    413: "The request is too large.",
    408: "The body did not arrive in time.",
    422: "A field is missing or wrong.",
    429: "Too much in too short a time; try again after `Retry-After` seconds.",
    501: "A part of Perennial that this needs is not installed here.",
    503: "Not now; try again after `Retry-After` seconds.",
}


def documented(
    answer: type,
    *problems: int,
    status: int = 200,
    query: type[msgspec.Struct] | None = None,
    body: Json | None = None,
    media_type: str = JSON,
    security: list[dict[str, list[str]]] | None = None,
    others: Mapping[int, Json] | None = None,
) -> Json:
    """Arguments of a route's decorator besides its path.

    problems: statuses besides those of its key; query, body: see `parameters` and `takes`; security: of a
    route without dependencies; others: further answers by status.
    """
    extra = {**(parameters(query) if query else {}), **(body or {})}
    if security:
        extra["security"] = security
    good = replies(answer, (answer.__doc__ or "").strip(), media_type)
    return {
        "status_code": status,
        "responses": {status: good, **{code: _problem(code) for code in problems}, **(others or {})},
        "response_class": Response,  # its kind of content is the one above
        "openapi_extra": extra,
    }


def replies(shape: type, description: str, media_type: str = JSON) -> Json:
    """An answer. One of lines is of any length: clients read it as a file."""
    schema = {**_lines_of(shape), "format": "binary"} if media_type == NDJSON else _ref(shape)
    return {"description": description, "content": {media_type: {"schema": schema}}}


def parameters(shape: type[msgspec.Struct]) -> Json:
    """A query that holds the fields of `shape`; commas separate lists, and `filter` is repeated."""
    _, components = msgspec.json.schema_components([shape], ref_template=REF)
    schema = components[shape.__name__]
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": field,
                **({"style": "form", "explode": name == "filter"} if field.get("type") == "array" else {}),
            }
            for name, field in schema["properties"].items()
        ]
    }


def takes(shape: type, media_type: str = JSON) -> Json:
    """A body."""
    return _body(_lines_of(shape) if media_type == NDJSON else _ref(shape), media_type)


def takes_file() -> Json:
    """A body of any kind, as it is."""
    return _body({"type": "string", "format": "binary"}, BINARY)


def _body(schema: Json, media_type: str) -> Json:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def install(app: FastAPI) -> None:
    """Add our shapes, examples, and what every key may meet to the app's document."""
    generate = app.openapi

    def openapi() -> Json:
        document, examples = generate(), json.loads(EXAMPLES.read_bytes())
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                _complete(operation, examples.get(f"{method} {path}", {}))
        shapes = [DOCUMENTED_SHAPES[name] for name in sorted(DOCUMENTED_SHAPES)]
        _, components = msgspec.json.schema_components(shapes, ref_template=REF)
        document.setdefault("components", {})["schemas"] = components
        _ease(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _ease(schema: Any) -> None:
    """Say the same so that generators of clients understand it: a choice by its tag is `oneOf`, what may be
    null has two types, and a list of so many parts needs no `items: false`."""
    for part in schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ():
        _ease(part)
    if not isinstance(schema, dict):
        return
    if "discriminator" in schema and "anyOf" in schema:
        schema["oneOf"] = schema.pop("anyOf")
    if "prefixItems" in schema and schema.get("items") is False:
        del schema["items"]
    choices = schema.get("anyOf")
    if isinstance(choices, list) and len(choices) == 2 and NULL in choices:
        (other,) = [choice for choice in choices if choice != NULL]
        if isinstance(other.get("type"), str) and "enum" not in other:
            del schema["anyOf"]
            schema.update({**other, "type": [other["type"], "null"]})


def _complete(operation: Json, example: Json) -> None:
    """Examples, and the statuses that come of the key. FastAPI's own 422 goes: we check ourselves."""
    responses, security = operation["responses"], operation.setdefault("security", [])
    if JSON in responses.get("422", {}).get("content", ()):
        del responses["422"]
    if security:
        responses["401"] = _problem(401)
        responses["429"] = _problem(429)
        responses.setdefault("503", _problem(503))  # busy
    if security == [{"secretKey": []}]:
        responses["403"] = _problem(403)
    operation["responses"] = {code: responses[code] for code in sorted(responses)}
    _complete_parameters(operation, {**example.get("query", {}), **example.get("path", {})})
    good = next(iter(operation["responses"].values()))
    for name, given in (("body", operation.get("requestBody", {})), ("answer", good)):
        for media_type, media in given.get("content", {}).items():
            if name in example:
                shown = example[name]
                media["example"] = f"{json.dumps(shown)}\n" if media_type == NDJSON else shown


def _complete_parameters(operation: Json, given: Json) -> None:
    """Add examples. A parameter of the path is not listed again as one of the query."""
    declared = operation.get("parameters", [])
    in_path = {each["name"] for each in declared if each["in"] == "path"}
    distinct = [each for each in declared if each["in"] == "path" or each["name"] not in in_path]
    for each in distinct:
        each.update({"example": given[each["name"]]} if each["name"] in given else {})
    if distinct:
        operation["parameters"] = distinct


def _problem(code: int) -> Json:
    return replies(ProblemAnswer, PROBLEMS[code], PROBLEM)


def _lines_of(shape: type) -> Json:
    return {"type": "string", "contentMediaType": NDJSON, "contentSchema": _ref(shape)}


def _ref(shape: type) -> dict[str, str]:
    if DOCUMENTED_SHAPES.setdefault(shape.__name__, shape) is not shape:
        raise TypeError(f"two shapes are called {shape.__name__}: the documentation would confuse them")
    return {"$ref": REF.format(name=shape.__name__)}
