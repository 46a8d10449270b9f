"""`python -m loadtests.bench.hostile HOME`: what too many, slow and greedy callers do to the others.

Each scenario at full scale against a server of its own over a home with a published model: overload with and
without keep-alive, half-open connections, one visitor's huge orders. The home is copied before.
Prints figures, beside them the load of the machine.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import sleep
from typing import Annotated, Any
from urllib.parse import urlsplit

import psutil
import typer

from loadtests.bench.processes import api_workers
from loadtests.bench.questions import get, post
from loadtests.machine.server import borrowed_home, serving
from loadtests.traffic.arrivals import Address, Outcome, capacity, open_arrivals
from loadtests.traffic.attacks import half_open

QUESTION = get("/v1/recommendations?placement=home&k=8")
TIMES, RECOVERY_S, SAMPLE_S = 3.0, 10.0, 0.2
MEASURED_S = 3.0
IMPATIENT = {"PERENNIAL_QUEUE_TARGET_MS": "50", "PERENNIAL_STALE_MS": "1000"}  # the defaults
LINES = 500  # the most an order may have


@dataclass
class Overload:
    """What three times as much as it can answer did to one process. memory: the most over what it was."""

    capacity: float
    during: Outcome
    after: Outcome
    memory: float

    def figures(self) -> dict[str, Any]:
        return {
            "capacity_per_s": round(self.capacity),
            "answers": dict(self.during.answers),
            "impolite": self.during.impolite,
            "accepted_ms": self.during.accepted.milliseconds(),
            "memory": round(self.memory, 3),
            "late_share": round(self.during.late / self.during.answers.total(), 4),
            "after": dict(self.after.answers),
            "after_ms": self.after.accepted.milliseconds(),
        }


def overload(
    address: Address,
    pid: int,
    seconds: float,
    *,
    keep_alive: bool,
    question: bytes = QUESTION,
    measured_s: float = MEASURED_S,
    recovery_s: float = RECOVERY_S,
) -> Overload:
    """Open arrivals at three times the capacity of the process, and half of it once they are over.

    measured_s: how long its capacity is measured, and the half; recovery_s: the pause before that.
    """
    capacity(address, question, measured_s / 3, keep_alive=keep_alive)
    most = capacity(address, question, measured_s, keep_alive=keep_alive)
    with watched(pid) as grown:
        during = open_arrivals(address, question, TIMES * most, seconds, keep_alive=keep_alive)
    sleep(recovery_s)
    after = open_arrivals(address, question, most / 2, measured_s, keep_alive=keep_alive)
    return Overload(most, during, after, grown[0])


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """One number, true at the end of the block: the most memory that a process held, over that before."""
    process, over, grown = psutil.Process(pid), threading.Event(), [1.0]
    before = process.memory_info().rss

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            grown[0] = max(grown[0], process.memory_info().rss / before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        over.set()
        watcher.join()


def others(address: Address, rate: float, seconds: float) -> dict[str, float]:
    """The latencies of visitors who do nothing wrong, milliseconds."""
    return open_arrivals(address, QUESTION, rate, seconds, keep_alive=True).accepted.milliseconds()


def beside(
    address: Address, rate: float, seconds: float, attack: Callable[..., Any], *about: Any
) -> dict[str, Any]:
    """The others' latencies before and during an attack, which runs in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(os.getpid).result()  # it has started
        before = others(address, rate, seconds)
        attacking = pool.submit(attack, address, *about)
        sleep(1.0)
        during = others(address, rate, seconds)
        return {"before_ms": before, "during_ms": during, "outcome": attacking.result()}


def huge_orders(address: Address, number: int) -> dict[int | str, int]:
    """Orders of one visitor, as large as is taken, and a question after each: the statuses."""
    answers: Counter[int | str] = Counter()
    for order in range(number):
        lines = [{"product_id": f"p{order}-{line}", "quantity": 1, "unit_price": 1} for line in range(LINES)]
        event = {"type": "purchase", "customer_id": "greedy", "order_id": f"o{order}", "items": lines}
        ask = get("/v1/recommendations?placement=home&customer_id=greedy")
        for request in (post("/v1/events", {"events": [event]}), *[ask] * 20):
            answer = open_arrivals(address, request, 20, 0.05, keep_alive=False)
            answers += answer.answers
    return dict(answers)


def main(
    home: Path,
    seconds: Annotated[float, typer.Option(min=1)] = 120.0,
    connections: Annotated[int, typer.Option(min=1)] = 2_000,
    rate: Annotated[float, typer.Option(min=1)] = 100.0,
) -> None:
    """Print the figures as JSON. rate: of the others, a second."""
    os.environ.update(IMPATIENT)
    with borrowed_home(home) as copy, serving("serve", "--home", str(copy)) as server:
        url = urlsplit(server.url)
        address, pid = (str(url.hostname), int(url.port or 0)), api_workers(server.process.pid)[0]
        found: dict[str, Any] = {"machine_load": os.getloadavg()[0]}
        for keep_alive in (True, False):
            name = "keep_alive" if keep_alive else "new_connections"
            found[name] = overload(address, pid, seconds, keep_alive=keep_alive).figures()
        found["half_open"] = beside(address, rate, 8.0, half_open, connections, 10.0)
        found["orders"] = beside(address, rate, 8.0, huge_orders, 6)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    typer.run(main)
