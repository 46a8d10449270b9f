"""One run of locust against a server, and what came out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter, process_time
from typing import Any

import gevent
from locust import LoadTestShape, stats
from locust.env import Environment
from locust.html import get_html_report

from loadtests.goals.slo import Generator, Row, SloVerdict, judge, load_slo
from loadtests.traffic.ramp import sustained
from loadtests.traffic.shapes import LOAD_SHAPES
from loadtests.traffic.soak import Watch, as_dict, growth
from loadtests.traffic.users import Arrivals, EmailCampaign, ShopVisitor
from loadtests.traffic.visits import shop_at

MEMORY_SAMPLES = 200  # over a run


@dataclass(frozen=True)
class LoadPlan:
    """What to send where. rate: requests a second that the shape multiplies."""

    url: str
    shape: str
    rate: int
    seconds: int
    seed: int


@dataclass
class Recorder:
    """Records every answer: rows by name, of the whole run and of each second of it."""

    late_s: float
    generator: Generator = field(default_factory=Generator)
    rows: dict[str, Row] = field(default_factory=dict)
    seconds: dict[int, dict[str, Row]] = field(default_factory=dict)
    late: Counter[int] = field(default_factory=Counter)  # by second
    began: float = field(default_factory=perf_counter)

    def record(
        self,
        name: str,
        response_time: float,
        exception: Exception | None,
        context: dict[str, float],
        **_: object,
    ) -> None:
        """One answer. response_time: milliseconds since it was due."""
        due, late = int(perf_counter() - self.began - response_time / 1000), context["late_s"] > self.late_s
        self.generator.arrivals += 1
        self.generator.late += late
        self.late[due] += late
        for rows in (self.rows, self.seconds.setdefault(due, {})):
            row = rows.setdefault(name, Row(name))
            row.latency.add(response_time / 1000)
            row.failures += exception is not None

    def until(self, second: int) -> Generator:
        """How the generator fared before that second; 0: in all of the run."""
        if not second:
            return self.generator
        rows = [row for due, rows in self.seconds.items() if due < second for row in rows.values()]
        late = sum(count for due, count in self.late.items() if due < second)
        return Generator(sum(len(row.latency) for row in rows), late, self.generator.cpu_share)


@dataclass(frozen=True)
class Outcome:
    """What was measured, and the verdict. sustained: of a ramp, requests a second within the promises."""

    plan: LoadPlan
    rows: list[Row]
    generator: Generator
    sustained: int | None
    verdict: SloVerdict
    html: str
    watch: Watch

    def as_dict(self) -> dict[str, Any]:
        rows = {
            row.name: {
                "failures": row.failures,
                **row.latency.milliseconds(),
                "histogram": row.latency.as_dict(),
            }
            for row in self.rows
        }
        return {
            "plan": asdict(self.plan),
            "generator": asdict(self.generator),
            "sustained": self.sustained,
            "verdict": asdict(self.verdict),
            "rows": rows,
            "workers": as_dict(self.watch),
        }


def run(plan: LoadPlan, pids: Sequence[int] = ()) -> Outcome:
    """Send the plan's load and judge the answers. OSError where no server answers.

    pids: the workers, where they run here: their memory and open files are watched.
    """
    Arrivals.seed, Arrivals.shop = plan.seed, shop_at(plan.url)
    slo = load_slo()
    environment = Environment(
        user_classes=[ShopVisitor, EmailCampaign], host=plan.url, shape_class=_shape(plan), stop_timeout=10
    )
    recorder = Recorder(slo["generator"]["late_ms"] / 1000)
    environment.events.request.add_listener(recorder.record)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    watch = Watch(pids)
    beside = [
        gevent.spawn(stats.stats_history, runner),
        gevent.spawn(_look, watch, plan.seconds / MEMORY_SAMPLES),
    ]
    wall, cpu = perf_counter(), process_time()
    runner.start_shape()
    gevent.joinall([runner.shape_greenlet])
    recorder.generator.cpu_share = (process_time() - cpu) / (perf_counter() - wall)
    runner.quit()
    gevent.killall(beside)
    rows = sorted(recorder.rows.values(), key=lambda row: row.name)
    verdict, rate = _verdict(slo, plan, recorder, rows, watch)
    html = get_html_report(environment)  # type: ignore[no-untyped-call]
    return Outcome(plan, rows, recorder.generator, rate, verdict, html, watch)


def _look(watch: Watch, every_s: float) -> None:
    began = perf_counter()
    while True:
        watch.look(perf_counter() - began)
        gevent.sleep(max(every_s, 1.0))


def _shape(plan: LoadPlan) -> LoadTestShape:
    class Shape(LoadTestShape):
        def tick(self) -> tuple[int, float] | None:
            passed = self.get_run_time() / plan.seconds  # type: ignore[no-untyped-call]
            users = max(round(plan.rate * LOAD_SHAPES[plan.shape](passed)), 1)
            return (users, users) if passed < 1 else None

    return Shape()  # type: ignore[no-untyped-call]


def _verdict(
    slo: dict[str, Any], plan: LoadPlan, recorder: Recorder, rows: list[Row], watch: Watch
) -> tuple[SloVerdict, int | None]:
    """The verdict on a run, and of a ramp the rate that it sustained.

    A ramp goes on until promises break, and saturates the machine: it passes if they held at the basic
    rate, and the generator must have been in time up to where they held.
    """
    if plan.shape != "ramp":
        verdict = judge(slo, rows, recorder.generator)
        grown = growth(slo["soak"], recorder.seconds, watch, plan.seconds) if plan.shape == "soak" else []
        return SloVerdict(verdict.breaches + grown, verdict.refusals), None
    held = sustained(slo, recorder.seconds, plan.seconds)
    broken = [f"the promises held up to {held.rate} requests a second only, not {plan.rate}"]
    refusals = judge(slo, rows, recorder.until(held.until_s)).refusals
    return SloVerdict(broken if held.rate < plan.rate else [], refusals), held.rate
