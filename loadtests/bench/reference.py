"""The yardstick: FastAPI routes that do nothing, typed in and out, answering what ours answered.

    python -m loadtests.bench.reference FD < bodies.json

FD is a listening socket; bodies.json maps a name to an answer of Perennial's. `/NAME` replies with it as
an instance of a model under the route's return annotation, as FastAPI's documentation writes a typed
reply; the instance was made at start, so that nothing but FastAPI itself is measured. That is the
official reference, and the cheapest for FastAPI: `/NAME/built` makes the instance in the route,
`/NAME/dict` gives a dictionary to `response_model`, and `/NAME/asked` declares the query that ours takes.
`POST /events` takes and gives what ours does.
"""

import json
import socket
import sys
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Query
from pydantic import BaseModel, Field


class QuestionModel(BaseModel):
    placement: str
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    product_id: str | None = None
    cart: str = ""
    exclude: str = ""
    k: Annotated[int, Field(ge=1, le=100)] = 8
    in_stock: bool = True
    category: str | None = None
    min_price: Annotated[float | None, Field(ge=0)] = None
    max_price: Annotated[float | None, Field(ge=0)] = None
    customer_token: str | None = None


class ReasonModel(BaseModel):
    code: str
    text: str
    evidence: dict[str, Any]


class ItemModel(BaseModel):
    product_id: str
    rank: int
    score: float
    source: str
    title: str | None
    price: float | None
    currency: str | None
    url: str | None
    image_url: str | None
    reason: ReasonModel


class AnswerModel(BaseModel):
    recommendation_id: str
    placement: str
    model_version: str | None
    experiment: dict[str, str] | None
    degraded: bool
    degraded_reasons: list[str]
    items: list[ItemModel]


class EventModel(BaseModel):
    event_id: str
    type: str
    customer_id: str | None = None
    anonymous_id: str | None = None
    session_id: str | None = None
    product_id: str | None = None


class ReceivedModel(BaseModel):
    accepted: int
    duplicates: int
    rejected: list[dict[str, Any]]


def reference_app(bodies: dict[str, dict[str, Any]]) -> FastAPI:
    """An app with an empty route for each body, and one for events."""
    app = FastAPI()
    for name, body in bodies.items():
        _add(app, name, body)

    @app.post("/events", status_code=202)
    async def events(_event: EventModel) -> ReceivedModel:
        return ReceivedModel(accepted=1, duplicates=0, rejected=[])

    return app


def _add(app: FastAPI, name: str, body: dict[str, Any]) -> None:
    answer = AnswerModel.model_validate(body)

    @app.get(f"/{name}")
    async def ready() -> AnswerModel:
        return answer

    @app.get(f"/{name}/built")
    async def built() -> AnswerModel:
        return AnswerModel(**{**body, "items": [_item(each) for each in body["items"]]})

    @app.get(f"/{name}/asked")
    async def asked(_question: Annotated[QuestionModel, Query()]) -> AnswerModel:
        return answer

    @app.get(f"/{name}/dict", response_model=AnswerModel)
    async def from_dict() -> dict[str, Any]:
        return body


def _item(fields: dict[str, Any]) -> ItemModel:
    return ItemModel(**{**fields, "reason": ReasonModel(**fields["reason"])})


if __name__ == "__main__":
    config = uvicorn.Config(
        reference_app(json.load(sys.stdin)),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
