"""Refusals that cost next to nothing: whole answers, written to the connection past every framework."""

from http import HTTPStatus
from typing import NamedTuple

from starlette.responses import Response

from api.web.metrics import REFUSED
from api.web.problems import Problem, problem_json, respond
from api.web.tokens import new_token


class Refusal(NamedTuple):
    """reason: the label of `perennial_refused_total`; retry_after_s: 0 where trying again does not help."""

    reason: str
    status: int
    detail: str
    retry_after_s: int = 0

    def answer(self, *, closes: bool) -> bytes:
        """Head and problem+json, counted. closes: nothing else will be answered on the connection."""
        REFUSED.add(self.reason)
        request_id = new_token()
        body = problem_json(Problem(self.status, self.detail), request_id)
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            "content-type: application/problem+json",
            f"content-length: {len(body)}",
            f"x-request-id: {request_id}",
            *([f"retry-after: {self.retry_after_s}"] if self.retry_after_s else []),
            *(["connection: close"] if closes else []),
        ]
        return b"%b\r\n\r\n%b" % ("\r\n".join(lines).encode(), body)

    def response(self) -> Response:
        """The same for a request that has reached the application."""
        REFUSED.add(self.reason)
        headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else None
        return respond(Problem(self.status, self.detail, headers=headers), new_token())


BUSY = Refusal("busy", 503, "The service is busy: try again in a second.", 1)
STALE = Refusal("stale", 503, "This waited for too long to be worth answering: try again in a second.", 1)
CROWDED = Refusal("connections", 503, "Too many connections are open: try again in a second.", 1)
LONG_HEAD = Refusal("head", 431, "The headers of a request may not be as long as this.")
LONG_BODY = Refusal("body", 413, "The body is larger than anything that is taken; send it in parts.")
SLOW_HEAD = Refusal("slow_head", 408, "The headers of this request did not arrive in time.")
