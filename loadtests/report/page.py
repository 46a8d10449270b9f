"""docs/performance.md, written from the results."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from loadtests.goals.slo import load_slo
from loadtests.report.goals import GOALS, Results
from loadtests.report.growth import growth_sections

METHOD = Path(__file__).with_name("method.md")
LATENCIES = ("p50", "p95", "p99", "p99.9")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown; the first column to the left, figures to the right."""
    rule = "| --- |" + " ---: |" * (len(head) - 1)
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in (head, *rows)]
    return "\n".join([lines[0], rule, *lines[1:]])


def page(bench: Results, growth: Results) -> str:
    """growth: the points of growth.json, empty before they are measured."""
    return "\n\n".join([*_parts(bench, growth), METHOD.read_text(encoding="utf-8").strip()]) + "\n"


def _parts(bench: Results, growth: Results) -> Iterator[str]:
    yield "# Performance"
    yield (
        "<!-- Written by `make performance` from docs/results/; edit loadtests/report/ instead. -->\n"
        "What an answer costs next to a FastAPI route that does nothing, and how that grows with the shop.\n"
        "`perennial bench --quick` measures it here in a minute, `make bench` in full."
    )
    yield conditions_of(bench)
    yield "## Goals\n\n" + table(
        ("what", "measured", "reaches", "goal", "floor"),
        ((each.what, *each.judged(bench, growth), f"{each.goal:g}", f"{each.floor:g}") for each in GOALS),
    )
    yield _answers(bench)
    yield _stages(bench)
    yield _rest(bench)
    yield _training(bench["training"])
    yield from growth_sections(growth, table)
    yield _promises()


def conditions_of(measured: Results) -> str:
    """Where, when, of what."""
    machine, versions = measured["machine"], measured["versions"]
    return (
        f"Measured {measured['at']} on {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}; load of the minute before: {machine['load_1m']}. "
        f"Commit `{measured['commit']}`; {', '.join(f'{name} {each}' for name, each in versions.items())}. "
        f"Full speed by {measured['generator']}; {measured['products']:,} products sampled."
    )


def _answers(bench: Results) -> str:
    rows = []
    for name, cost in bench["costs"].items():
        paced = [f"{cost['paced_ms'][each]:.3g}" if cost["paced_ms"]["p50"] else "" for each in LATENCIES]
        cpu = (f"{cost['cpu_us'][0]:.0f}", f"{sum(cost['cpu_us']):.0f}")
        rows.append((f"`{name}`", f"{cost['requests_per_s']:,}", *cpu, *paced))
    variants = ", ".join(f"{name} {ratio:g}" for name, ratio in bench["home_ratio_of_variants"].items())
    return (
        "## Answers\n\nFull speed on one core, then 1,000 requests a second, "
        "milliseconds since each was due. CPU: microseconds a request of the API process, "
        "and of all processes, Redis and the worker too.\n\n"
        + table(("route", "a second", "CPU API", "CPU all", *LATENCIES), rows)
        + f"\n\nRatio of `home` to other ways to write the same empty route (see Method): {variants}."
    )


def _stages(bench: Results) -> str:
    rows = [(name, f"{mean:.1f}") for name, mean in bench["stages_us"].items()]
    return (
        "## Where the time goes\n\n"
        "Mean microseconds of wall time in each stage, from the service's own `perennial_stage_seconds`, "
        "over all answers of this run: at full speed, what waits for Redis waits for its turn, too.\n\n"
        + table(("stage", "us"), rows)
    )


def _rest(bench: Results) -> str:
    fresh, picks = bench["freshness"], bench["picks"]
    sessions = bench["sessions_us"]
    rows = [
        ("events in batches of 500, a second", f"{bench['events_in_batches_per_s']:,}"),
        ("acknowledged events in the next answer", f"{fresh['visible']:,} of {fresh['tries']:,}"),
        ("picks streamed, customers a second", picks if isinstance(picks, str) else picks["customers_per_s"]),
        (f"ready after start, {bench['ready']['products']:,} products, s", bench["ready"]["seconds"]),
        ("session source, p50 and p99, us", f"{sessions['p50']} and {sessions['p99']}"),
        *(
            (
                f"memory of worker {number + 1}, private and shared, MB",
                f"{each['private']} and {each['shared']}",
            )
            for number, each in enumerate(bench["memory_mb"])
        ),
    ]
    if unpinned := bench.get("unpinned"):
        one_by_one = unpinned["one_by_one_ms"]
        rows += [
            ("unpinned `home`, p50 and p99 one by one, ms", f"{one_by_one['p50']} and {one_by_one['p99']}"),
            ("unpinned `home` at full speed, a second", f"{unpinned['requests_per_s']:,}"),
        ]
    return "## Events, batches, memory\n\n" + table(("what", "measured"), rows)


def _training(cost: Results) -> str:
    steps = sorted(cost["steps"].items(), key=lambda step: -step[1])[:8]
    return (
        f"## Training\n\n{cost['interactions']:,} interactions ({cost['matrix_mb']} MB of matrix): "
        f"{cost['training_s']:.1f} s in all, rehearsal and evaluation included, {cost['time_ratio']} times "
        f"implicit's ALS fit alone ({cost['als_fit_s']:.1f} s), in processor time {cost['cpu_ratio']} times; "
        f"peak {cost['peak_mb']:,.0f} MB. "
        "The longest steps:\n\n" + table(("step", "s"), [(name, f"{took:.1f}") for name, took in steps])
    )


def _promises() -> str:
    slo = load_slo()["routes"]
    rows = [
        (
            f"`{name}`",
            *(promise[f"{each}_ms"] for each in ("p50", "p95", "p99")),
            f"{promise['error_share']:.1%}",
        )
        for name, promise in slo.items()
    ]
    return (
        "## Promises under load\n\n"
        "`make loadtest` holds a demo shop to these, and `docs/alerts.yml` alerts on them; both are read "
        "from `loadtests/goals/slo.toml`. Milliseconds since a request was due.\n\n"
        + table(("route", "p50", "p95", "p99", "failed at most"), rows)
    )
