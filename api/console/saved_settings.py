"""Settings that are saved whole, with versions to go back to: rules, offers, experiments."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.console.forms import revision
from api.console.own_api import Refused
from api.console.page import Console, Merchandiser


@dataclass(frozen=True)
class SavedSettings:
    """path: of the API's route; field: what is saved whole; page: where the console shows it; empty: what
    stands before anything is saved."""

    path: str
    field: str
    page: str
    empty: Any

    async def read(self, console: Console, revision: int | None = None) -> dict[str, Any]:
        """As saved, with `revision` and `versions`. Raises Refused."""
        saved: dict[str, Any] = await console.get(self.path, revision=revision)
        return saved

    async def save(self, console: Console, saved: dict[str, Any]) -> Response:
        """Save what was changed since `revision`, and show that it is. Raises Refused."""
        body = {self.field: saved[self.field], "revision": saved["revision"]}
        after = await console.put(self.path, body)
        return console.go(f"{self.page}?saved={after['revision']}&before={saved['revision']}")

    def add_way_back(self, router: APIRouter) -> None:
        """The route of `parts/versions.html`, by which an earlier version is saved once more."""

        @router.post(f"{self.page}/restore")
        async def restore(console: Merchandiser) -> Response:
            return await self.restore(console, revision(await console.form()))

    async def restore(self, console: Console, revision: int) -> Response:
        """Save an earlier version once more. Raises Refused."""
        now = await self.read(console)
        earlier = (await self.read(console, revision))[self.field] if revision else self.empty
        return await self.save(console, {**now, self.field: earlier})


def as_problem(refused: Refused) -> dict[str, Any]:
    """For `ui.refused`."""
    return {"detail": str(refused), "errors": [], **refused.problem}
