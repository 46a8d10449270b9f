"""What changes, or costs much, while others are answered: new models, a campaign, one visitor's huge orders.

How much is asked follows the scale; what is compared is counts and processor time, which other work on the
machine does not change.
"""

import json
import threading
from collections.abc import Iterator

import httpx
import psutil
import pytest

from features.home import Home
from loadtests.bench.hostile import LINES
from loadtests.bench.processes import api_workers
from recommender.model import versions

from bundles import VERSION, write_small
from scale import CAMPAIGN, RELOADS
from serving import perennial, running
from waiting import eventually

EARLIER = "2026-11-21T10-00-00Z"
ASKED = 300  # questions whose processor time is compared
MOST_TIMES = 5.0  # what the greediest visitor's answer may cost of another's
Service = tuple[httpx.Client, psutil.Process, Home]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With a secret key; the process is the one API worker."""
    home = Home(tmp_path_factory.mktemp("load") / "home")
    write_small(home.models, EARLIER)
    write_small(home.models)
    made = perennial("keys", "create", "secret", "--home", str(home.root)).communicate(timeout=60)[0]
    headers = {"Authorization": f"Bearer {made.strip()}"}
    with (
        running("serve", "--home", str(home.root)) as (process, url),
        httpx.Client(base_url=url, headers=headers, timeout=30) as http,
    ):
        eventually(lambda: ask(http).status_code == 200)
        yield http, psutil.Process(api_workers(process.pid)[0]), home


def ask(http: httpx.Client, customer: str = "ann") -> httpx.Response:
    return http.get("/v1/recommendations", params={"placement": "home", "customer_id": customer})


def test_new_models_break_no_answer(service: Service) -> None:
    http, worker, home = service
    before, over = worker.num_fds(), threading.Event()
    answers: list[httpx.Response] = []

    def visit() -> None:
        with httpx.Client(base_url=http.base_url, headers=http.headers, timeout=30) as visitor:
            while not over.is_set():
                answers.append(ask(visitor))

    visitor = threading.Thread(target=visit)
    visitor.start()
    for number in range(RELOADS):
        version = (EARLIER, VERSION)[number % 2]
        versions.publish(home.models, version)
        eventually(lambda version=version: ask(http).json()["model_version"] == version)  # type: ignore[misc]
    over.set()
    visitor.join()
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["model_version"] for answer in answers} == {EARLIER, VERSION}
    assert all(answer.json()["items"] for answer in answers)
    eventually(lambda: worker.num_fds() <= before)


def test_a_campaign_gets_products_for_everybody(service: Service) -> None:
    """Known, unknown and erased ids, and lines that cannot be read."""
    http, *_ = service
    assert http.delete("/v1/customers/bob").status_code == 202
    ids = ["ann", "bob", *(f"nobody-{number}" for number in range(CAMPAIGN - 2))]
    lines = [json.dumps({"customer_id": customer}) for customer in reversed(ids)]
    lines[::100] = ["garbage"] * len(lines[::100])
    answer = http.post("/v1/picks?campaign=win_back", content="\n".join(lines), timeout=600)
    picked = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.status_code == 200
    assert len(picked) == CAMPAIGN
    assert [each for each in picked if not each["items"]][:2] == []
    assert sum(bool(each["error"]) for each in picked) == len(lines[::100])


def test_the_greediest_visitor_costs_little_more_than_another(service: Service) -> None:
    http, worker, _ = service
    for order in range(6):
        items = [{"product_id": f"p{order}-{line}", "quantity": 1, "unit_price": 1} for line in range(LINES)]
        event = {"type": "purchase", "customer_id": "greedy", "order_id": f"o{order}", "items": items}
        assert http.post("/v1/events", json=event).status_code == 202

    def cost_of(customer: str) -> float:
        before = worker.cpu_times()
        for _ in range(ASKED):
            assert ask(http, customer).status_code == 200
        after = worker.cpu_times()
        return float(after.user + after.system - before.user - before.system)

    cost_of("other")
    assert cost_of("greedy") <= MOST_TIMES * cost_of("other")
