"""Keys over HTTP: listed without what opens, told once, revoked."""

import httpx


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def prefixes(http: httpx.Client) -> list[str]:
    return [each["prefix"] for each in http.get("/v1/keys").json()["keys"]]


def test_a_key_is_told_once_opens_and_is_revoked(http: httpx.Client) -> None:
    made = http.post("/v1/keys", json={"scope": "secret", "name": "till"})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "private, no-store"
    key, prefix = made.json()["key"], made.json()["prefix"]
    assert key.startswith(prefix)
    assert http.get("/v1/tiers", headers=bearer(key)).status_code == 200
    listed = http.get("/v1/keys")
    assert key not in listed.text
    assert (listed.json()["keys"][-1]["name"], listed.json()["origins"]) == ("till", [])
    assert http.delete(f"/v1/keys/{prefix}").json()["name"] == "till"
    assert http.get("/v1/tiers", headers=bearer(key)).status_code == 401
    assert prefix not in prefixes(http)
    assert http.delete(f"/v1/keys/{prefix}").status_code == 404


def test_a_public_key_makes_lists_and_revokes_none(http: httpx.Client) -> None:
    public = bearer("pk_demo")
    answers = (
        http.get("/v1/keys", headers=public),
        http.post("/v1/keys", headers=public, json={"scope": "public"}),
        http.delete("/v1/keys/sk_demo", headers=public),
    )
    assert [each.status_code for each in answers] == [403, 403, 403]
    assert prefixes(http) == ["pk_demo", "sk_demo"]


def test_an_unknown_scope_is_refused(http: httpx.Client) -> None:
    assert http.post("/v1/keys", json={"scope": "all"}).status_code == 422
