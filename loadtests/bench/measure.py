"""The measurements. Ours and the reference take turns in short windows: a noisy moment hits both."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from statistics import median
from typing import Any

from loadtests.bench.generator import Address, HttpChannel, Window, at_rate, saturate
from loadtests.bench.plan import BenchPlan
from loadtests.bench.processes import cpu_s, settle
from loadtests.bench.questions import Scene, get, post
from loadtests.bench.wrk import full_speed

VARIANTS = ("built", "dict", "asked")  # of the empty route, see reference.py


@dataclass(frozen=True)
class Target:
    """Requests, where they are sent, and which processes do the work.

    `requests` begins anew for each window; distinct: after so many they repeat, None: never.
    """

    address: Address
    pids: Sequence[int]
    requests: Callable[[], Iterator[bytes]]
    distinct: int | None
    paced: bool = True


@dataclass
class RequestCost:
    """One target's figures over all its windows."""

    full: Window = field(default_factory=Window)
    windows: list[Window] = field(default_factory=list)  # paced
    cpu_s: list[float] = field(default_factory=list)  # of each process

    @property
    def cpu_us(self) -> list[float]:
        """Of each process, for one request."""
        return [round(used / max(len(self.full.latency), 1) * 1e6, 1) for used in self.cpu_s]

    def paced_quantile(self, share: float) -> float:
        """Of each window, and of these the median: a pause of the machine hits one, and not what it is
        compared with."""
        return median(window.latency.quantile(share) for window in self.windows)

    def as_dict(self) -> dict[str, Any]:
        paced = Window()
        for window in self.windows:
            paced.merge(window)
        return {
            "requests_per_s": round(self.full.a_second),
            "full_speed_ms": self.full.latency.milliseconds(),
            "paced_ms": paced.latency.milliseconds(),
            "paced_late_share": round(paced.late / max(len(paced.latency), 1), 4),
            "cpu_us": self.cpu_us,
        }


def compare(targets: Mapping[str, Target], plan: BenchPlan) -> dict[str, RequestCost]:
    """All targets in turns, several rounds of them."""
    costs = {name: RequestCost(cpu_s=[0.0] * len(target.pids)) for name, target in targets.items()}
    for number in range(plan.rounds):
        turn = {name: target for name, target in targets.items() if target.paced or number == 0}
        for name, target in turn.items():
            _window(target, costs[name], plan)
        settle({pid for target in targets.values() for pid in target.pids})  # what was shown is archived
        for name, target in turn.items():
            if target.paced:
                window = at_rate(target.address, target.requests(), plan.paced_s, plan.rate)
                costs[name].windows.append(window)
    return costs


def _window(target: Target, cost: RequestCost, plan: BenchPlan) -> None:
    saturate(target.address, target.requests(), plan.warm_up_s)
    before = [cpu_s(pid) for pid in target.pids]
    cost.full.merge(full_speed(target.address, target.requests(), plan.window_s, target.distinct))
    used = [cpu_s(pid) - was for pid, was in zip(target.pids, before, strict=True)]
    cost.cpu_s = [total + more for total, more in zip(cost.cpu_s, used, strict=True)]


def answers_of(address: Address, scene: Scene, placements: Sequence[str]) -> dict[str, bytes]:
    """One answer of each placement, after every customer's live events are in."""
    events = scene.live_events()
    with closing(HttpChannel(address)) as channel:
        for start in range(0, len(events), 500):
            channel.ask(post("/v1/events", {"events": events[start : start + 500]}))
        return {placement: channel.ask(scene.question(placement)) for placement in placements}


def targets_of(
    ours: Address, pids: Sequence[int], theirs: Address, pid: int, scene: Scene, placements: Sequence[str]
) -> dict[str, Target]:
    """Each placement and the empty route that replies as much: `home`, `home reference` ..."""
    targets: dict[str, Target] = {}
    for name in placements:
        targets[name] = asking(ours, pids, scene.questions(name))
        targets[f"{name} reference"] = asking(theirs, [pid], [get(f"/{name}")])
    for variant in VARIANTS:
        targets[f"home reference {variant}"] = asking(
            theirs, [pid], [get(f"/home/{variant}?placement=home&customer_id=c-1&k=8")], paced=False
        )
    targets["events"] = Target(ours, pids, scene.single_events, None)
    empty = post("/events", scene.event(anonymous_id="a-1"))
    targets["events reference"] = asking(theirs, [pid], [empty])
    return targets


def asking(address: Address, pids: Sequence[int], requests: Sequence[bytes], *, paced: bool = True) -> Target:
    """These requests again and again; a target that is not paced is measured in the first round alone."""
    return Target(address, pids, lambda: cycle(requests), len(requests), paced)


def ingestion(address: Address, scene: Scene, plan: BenchPlan) -> float:
    """Events a second, in requests of 500, two at a time."""
    requests = iter(scene.batches(plan.batches))
    return saturate(address, requests, seconds=60, channels=2).a_second * 500


def freshness(address: Address, scene: Scene, tries: int, channels: int = 8) -> dict[str, int]:
    """How often an acknowledged event acted on the very next answer, of whichever worker.

    A newcomer puts one of the ten products that sell fastest into the cart: it must be gone from the widget
    that shows them, whatever the model.
    """
    rng = Random(scene.rng.random())
    with ExitStack() as held:
        lines = [held.enter_context(closing(HttpChannel(address))) for _ in range(channels)]
        shown = json.loads(lines[0].ask(get("/v1/recommendations?placement=trending&k=10")))["items"]
        products = [item["product_id"] for item in shown]
        visible = sum(_hides(lines, rng, scene, rng.choice(products)) for _ in range(tries))
    return {"tries": tries, "visible": visible}


def _hides(lines: Sequence[HttpChannel], rng: Random, scene: Scene, product_id: str) -> bool:
    who = f"a-{rng.getrandbits(60):x}"
    event = scene.event("add_to_cart", anonymous_id=who) | {"product_id": product_id}
    rng.choice(lines).ask(post("/v1/events", event))
    answer = rng.choice(lines).ask(get(f"/v1/recommendations?placement=trending&anonymous_id={who}&k=10"))
    return product_id not in {item["product_id"] for item in json.loads(answer)["items"]}
