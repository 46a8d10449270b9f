"""Requests made up from the OpenAPI document meet no server error, and no answer that it does not name."""

from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from scale import EXAMPLES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
generated = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_operation_answers_as_documented(url: str) -> None:
    """Bodies and parameters as the document wants them."""
    left_out = ["/v1/picks", "/v1/imports/files"]  # lines of JSON, and a process for each file
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json").exclude(path=left_out)
    asked = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @generated
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def ask(case: Any) -> None:
            answer = case.call(headers={"Authorization": "Bearer sk_demo"}, timeout=60)
            case.validate_response(answer, checks=CHECKS)

        ask()
        asked.append(operation.label)
    assert len(asked) + 2 == sum(map(len, httpx.get(f"{url}/openapi.json").json()["paths"].values()))
