"""Who may what, of every route of the console: as the table of docs/console.md says."""

from datetime import UTC, datetime
from typing import Final

import httpx
from fastapi.routing import APIRoute

from api.console.pages import ALL
from api.console.router import router
from features.home import Home
from features.merchant.users import ROLES, add_user

from serving import NO_CERTIFICATES

PASSWORD: Final = "correct horse battery"  # noqa: S105
OPEN: Final = frozenset(
    {
        "GET /console",
        "GET /console/sign-in",
        "POST /console/sign-in",
        "POST /console/sign-out",
        "POST /console/language",
        "GET /console/static/report/{name:path}",
        "GET /console/static/{name:path}",
    }
)
SETTINGS: Final = ("merchandising", "offers", "messages", "experiments")
FORMS: Final = frozenset(
    {
        *(f"GET /console/{page}/edit" for page in SETTINGS if page != "messages"),
        "GET /console/messages/settings",
        "GET /console/messages/guides",
        "GET /console/customers/segment.csv",  # customers' addresses
    }
)


def needed_role(route: str) -> str:
    """Viewers see, merchandisers change settings, owners everything else."""
    method, path = route.split()
    page = path.split("/")[2]
    if route in FORMS or (method == "POST" and page in SETTINGS):
        return "merchandiser"
    return "owner" if method == "POST" or path.startswith("/console/data/files") else "viewer"


def test_each_role_may_what_the_docs_say_and_nobody_else_anything(url: str, served_home: Home) -> None:
    own = [route for route in router.routes if isinstance(route, APIRoute)]
    of_pages = [route for page in ALL for route in page.router.routes if isinstance(route, APIRoute)]
    assert len(of_pages) == sum(len(page.router.routes) for page in ALL)
    assert {f"{_method(each)} {each.path}" for each in own} == OPEN
    for role in ROLES:
        add_user(served_home, role, role, PASSWORD, datetime.now(UTC))
    with httpx.Client(base_url=url, timeout=60.0, verify=NO_CERTIFICATES) as visitor:
        cookies = {role: _signed_in(visitor, role) for role in ROLES}
        for each in of_pages:
            method = _method(each)
            route = f"{method} {each.path}"
            path = each.path.format(id="f-0123456789abcdef")
            assert _is_sent_to_sign_in(visitor.request(method, path)), route
            statuses = {
                role: visitor.request(method, path, headers={"Cookie": cookies[role]}).status_code
                for role in ROLES
            }
            assert 500 not in statuses.values(), route  # a form without its fields is refused
            refused = {role: status == 403 for role, status in statuses.items()}
            least = ROLES.index(needed_role(route))
            assert refused == {role: place < least for place, role in enumerate(ROLES)}, route


def _method(route: APIRoute) -> str:
    (method,) = route.methods or {""}
    return method


def _signed_in(visitor: httpx.Client, role: str) -> str:
    answer = visitor.post("/console/sign-in", data={"name": role, "secret": PASSWORD})
    visitor.cookies.clear()
    return answer.headers["set-cookie"].partition(";")[0]


def _is_sent_to_sign_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and answer.headers["location"].startswith("/console/sign-in")
