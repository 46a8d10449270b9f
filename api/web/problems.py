"""Errors as RFC 9457 problem details: one shape for all of them, and one table from exception to status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from features.merchant.versioned_settings import StaleRevision
from features.store.connection import StoreUnavailable


class Problem(Exception):
    """An answer that is not 2xx. `detail` says what to do, `errors` names fields, `more` adds members."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers, self.more = errors or [], dict(headers or {}), dict(more or {})


def problem_json(problem: Problem, request_id: str) -> bytes:
    """A `schemas.ProblemAnswer`."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "errors": problem.errors,
        "request_id": request_id,
        **problem.more,
    }
    return msgspec.json.encode(body)


def respond(problem: Problem, request_id: str) -> Response:
    """application/problem+json."""
    content = problem_json(problem, request_id)
    return Response(content, problem.status, problem.headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every expected exception as a problem; middleware.py does so for the unexpected ones."""
    for kind, translate in TRANSLATIONS.items():
        app.add_exception_handler(kind, _handler(translate))


def _handler(translate: Any) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        return respond(translate(error), request.scope["state"]["request_id"])

    return handle


def _of_http(error: HTTPException) -> Problem:
    return Problem(error.status_code, str(error.detail), headers=error.headers)


def _of_parameters(error: RequestValidationError) -> Problem:
    """What was sent is not quoted: it may be long, or somebody's."""
    errors = [{"field": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    return Problem(422, "; ".join(f"{each['field']}: {each['message']}" for each in errors), errors)


def _of_store(_: StoreUnavailable) -> Problem:
    detail = "The store does not answer at the moment. What was sent may have been kept; send the same again."
    return Problem(503, detail, headers={"Retry-After": "1"})


def _of_stale(error: StaleRevision) -> Problem:
    remedy = f"Read them again, make your change there, and send `revision`: {error.now}."
    return Problem(409, f"{error} {remedy}")


TRANSLATIONS: dict[type[Exception], Any] = {
    Problem: lambda error: error,
    ClientDisconnect: lambda _: Problem(408, "The body of this request did not arrive."),
    HTTPException: _of_http,
    RequestValidationError: _of_parameters,
    StoreUnavailable: _of_store,
    StaleRevision: _of_stale,
}
