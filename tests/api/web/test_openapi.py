"""The documentation says what the service does: who may ask, with what, and what comes back.

Covers api/schemas/ and api/process/app.py, too.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
import redis

from api.process.app import create_app
from api.process.pages import STATIC
from api.schemas.recommendations import ProblemAnswer, UnsureAnswer
from api.web import openapi
from api.web.settings import ApiSettings
from features.home import Home
from features.insights.report import Report
from features.insights.report_files import write_report
from features.merchant.api_keys import Scope, create_key, revoke_key
from features.store.settings import StoreSettings

from bundles import write_small
from waiting import eventually

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"
PROBLEMS = (ProblemAnswer, UnsureAnswer)
OF_FILES = "/v1/imports"  # what they answer is asked for in tests/api/routes/test_imports.py
TOO_LONG = b" " * 1_000_001


def written_matrix() -> dict[str, tuple[bool, ...]]:
    """Operation -> whether no key, a public and a secret one open it, as docs/operating.md says."""
    row = r"^\| (.+) \| (yes|no) \| (yes|no) \| (yes|no) \|$"
    rows = re.findall(row, OPERATING.read_text(encoding="utf-8"), re.MULTILINE)
    opens = {names: tuple(word == "yes" for word in words) for names, *words in rows}
    others = opens.pop("all others under `/v1`")
    named = {name: keys for names, keys in opens.items() for name in re.findall(r"`(.+?)`", names)}
    return defaultdict(lambda: others, named)


MATRIX = written_matrix()


class Operation(NamedTuple):
    """One of the document."""

    name: str
    described: dict[str, Any]

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.described["responses"]}

    @property
    def of_each_key(self) -> tuple[int, ...]:
        """Statuses without a key, with a public, a secret and a revoked one."""
        well = min(self.statuses)
        none, public, secret = MATRIX[self.name]
        without = well if none else 401
        return without, well if public else 403, well if secret else 403, without

    @property
    def answer(self) -> dict[str, Any]:
        """Content of the answer where all is well."""
        (content,) = self.described["responses"][str(min(self.statuses))]["content"].values()
        return dict(content)

    @property
    def body(self) -> dict[str, Any] | None:
        contents = self.described.get("requestBody", {}).get("content", {}).values()
        return next(iter(contents), None)

    def ask(self, url: str, key: str | None, content: bytes | None = None, **query: Any) -> httpx.Response:
        """As in the example, but for `content` and `query`."""
        method, path = self.name.split()
        for each in self.described.get("parameters", ()):
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", query.pop(each["name"], each["example"]))
            elif "example" in each:
                query.setdefault(each["name"], each["example"])
        if content is None and self.body:
            example = self.body["example"]
            content = (example if isinstance(example, str) else json.dumps(example)).encode()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.request(method, url + path, headers=headers, params=query, content=content, timeout=120)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    home = Home(Path("no such home"))
    return dict(create_app(home, "redis://127.0.0.1", ApiSettings(), StoreSettings()).openapi())


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(f"{method} {path}", described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


@pytest.fixture
def held(url: str, served_home: Home, client: redis.Redis) -> tuple[None, str, str, str]:
    """No key, a public, a secret and a revoked one, as the running service knows them."""
    now = datetime.now(UTC)
    scopes: tuple[Scope, ...] = ("secret", "public", "secret")
    revoked, public, secret = (create_key(served_home, client, scope, "", now) for scope in scopes)

    def status(key: str) -> int:
        return httpx.get(f"{url}/v1/tiers", headers={"Authorization": f"Bearer {key}"}).status_code

    eventually(lambda: status(secret) == status(revoked) == 200)
    revoke_key(served_home, client, revoked)
    eventually(lambda: status(revoked) == 401)
    return None, public, secret, revoked


def shape_of(content: dict[str, Any]) -> type:
    schema = content["schema"].get("contentSchema", content["schema"])
    return openapi.DOCUMENTED_SHAPES[schema["$ref"].rpartition("/")[2]]


def test_every_operation_is_described(document: dict[str, Any], operations: list[Operation]) -> None:
    schemes = document["components"]["securitySchemes"].keys()
    tags = [tag["name"] for tag in document["tags"]]
    assert schemes == {"publicKey", "secretKey", "publicKeyInAddress"}
    assert tags[:2] == ["recommendations", "events"]
    assert written_matrix().keys() <= {each.name for each in operations}
    for each in operations:
        described = each.described
        assert {name for keys in described["security"] for name in keys} <= schemes, each.name
        assert (described["security"] == []) == MATRIX[each.name][0], each.name
        assert set(described["tags"]) <= set(tags), each.name
        assert described["summary"], each.name
        assert described["description"], each.name
    assert {tag for each in operations for tag in each.described["tags"]} == set(tags)


def test_problems_are_documented_in_their_one_shape(operations: list[Operation]) -> None:
    for each in operations:
        for status, response in each.described["responses"].items():
            if int(status) >= 400 and each.name != "get /readyz":
                assert response["content"].keys() == {"application/problem+json"}, each.name
                assert shape_of(response["content"]["application/problem+json"]) in PROBLEMS, each.name


def test_examples_are_what_their_schemas_say(operations: list[Operation]) -> None:
    for each in operations:
        for content in filter(None, (each.answer, each.body)):
            if content["schema"].get("format") == "binary" and "contentSchema" not in content["schema"]:
                continue
            example = content["example"]
            if isinstance(example, str):
                msgspec.json.decode(example, type=shape_of(content))
            else:
                msgspec.convert(example, shape_of(content))
    written = json.loads(openapi.EXAMPLES.read_bytes())
    assert written.keys() == {each.name for each in operations}
    for each in operations:
        given = written[each.name]
        shown = {
            parameter["name"] for parameter in each.described.get("parameters", ()) if "example" in parameter
        }
        assert shown == {*given.get("query", {}), *given.get("path", {})}, each.name
        assert ("body" in given) == ("requestBody" in each.described), each.name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= document["components"]["schemas"].keys()


def test_generators_of_clients_understand_it(document: dict[str, Any], operations: list[Operation]) -> None:
    """Short names, none twice; no `items: false`; a choice by its tag is `oneOf`; what may be null has two
    types; lines of JSON are a text and no object."""
    names = [each.described["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or "_v1_" in name] == []
    nodes = list(every_object(document))
    assert [node for node in nodes if node.get("items") is False] == []
    tagged = [node for node in nodes if "discriminator" in node]
    assert tagged
    assert [node for node in tagged if "oneOf" not in node] == []
    nullable = [node["anyOf"] for node in nodes if {"type": "null"} in node.get("anyOf", ())]
    assert nullable
    assert [each for each in nullable if len(each) == 2 and isinstance(each[0].get("type"), str)] == []
    lines = [content for node in nodes for kind, content in node.items() if kind == openapi.NDJSON]
    assert len(lines) == 3
    assert {content["schema"]["type"] for content in lines} == {"string"}


def every_object(part: Any) -> Iterator[dict[str, Any]]:
    """Of a JSON document, itself first."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from every_object(inner)


def test_what_agents_are_told_of_is_there(operations: list[Operation]) -> None:
    told = (STATIC / "llms.txt").read_text(encoding="utf-8")
    named = {f"{method.lower()} {path}" for method, path in re.findall(r"`(GET|POST) (/v1/[^?`]+)", told)}
    assert len(named) == 6
    assert named - {"get /v1/insights/kpi"} <= {each.name for each in operations}
    assert "get /v1/insights/{name}" in {each.name for each in operations}


def test_each_key_meets_the_documented_status(
    url: str, held: tuple[str | None, ...], operations: list[Operation], served_home: Home
) -> None:
    write_report(served_home, Report("kpi", "Key figures", "2026-06-30", []))
    write_small(served_home.models, "2026-11-23T10-00-00Z")  # to go back from
    for each in operations:
        if OF_FILES in each.name:
            assert [each.ask(url, key).status_code for key in held[:2]] == [401, 403], each.name
            continue
        answers = [each.ask(url, key) for key in held]
        assert tuple(answer.status_code for answer in answers) == each.of_each_key, each.name
        for answer in answers:
            assert answer.status_code in each.statuses, each.name
            if answer.is_success:
                for line in answer.text.splitlines():
                    msgspec.json.decode(line, type=shape_of(each.answer))
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert msgspec.json.decode(answer.content, type=ProblemAnswer).status == answer.status_code


def test_what_is_wrong_meets_the_documented_status(
    url: str, held: tuple[str | None, ...], operations: list[Operation]
) -> None:
    for each in operations:
        if OF_FILES in each.name:
            continue
        met: dict[int, httpx.Response] = {}
        if each.body and 400 in each.statuses:
            met |= {400: each.ask(url, held[2], b"{"), 413: each.ask(url, held[2], TOO_LONG)}
        if each.body and 422 in each.statuses:
            met[422] = each.ask(url, held[2], b'{"nonsense": 1}')
        if each.body and 409 in each.statuses:
            stale = {**each.body["example"], "revision": 99}
            met[409] = each.ask(url, held[2], json.dumps(stale).encode())
        if not each.body and 409 in each.statuses:
            met[409] = each.ask(url, held[2])  # there is no earlier model
        if 404 in each.statuses:
            names: dict[str, Any] = dict.fromkeys(("version", "prefix", "name", "product_id"), "nobody")
            met[404] = each.ask(url, held[2], revision=99, **names)  # and no figures are there yet
        assert {status: answer.status_code for status, answer in met.items()} == {
            status: status for status in met
        }, each.name
        assert met.keys() >= each.statuses & {400, 404, 409, 413}, each.name


def test_two_shapes_of_one_name_are_refused() -> None:
    class ProblemAnswer(msgspec.Struct):
        """Another one."""

    with pytest.raises(TypeError, match="two shapes are called ProblemAnswer"):
        openapi.documented(ProblemAnswer)
