"""Who may sign in to the console, over HTTP."""

import httpx


def users(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(each["name"], each["role"]) for each in answer.json()["users"]]


def test_users_are_added_changed_and_removed(http: httpx.Client) -> None:
    assert users(http.get("/v1/users")) == []
    secret = {"role": "viewer", "password": "a long sentence"}
    added = http.put("/v1/users/Jo Öz", json=secret)
    assert users(added) == [("Jo Öz", "viewer")]
    assert "argon2" not in added.text
    assert users(http.put("/v1/users/Jo Öz", json={**secret, "role": "owner"})) == [("Jo Öz", "owner")]
    assert users(http.delete("/v1/users/Jo Öz")) == []
    assert http.delete("/v1/users/Jo Öz").status_code == 404


def test_a_short_password_is_refused(http: httpx.Client) -> None:
    refused = http.put("/v1/users/Jo", json={"role": "viewer", "password": "short"})
    assert (refused.status_code, "10 characters" in refused.json()["detail"]) == (422, True)


def test_a_public_key_sees_and_changes_nobody(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    answers = http.get("/v1/users", headers=public), http.delete("/v1/users/Jo", headers=public)
    assert [each.status_code for each in answers] == [403, 403]
