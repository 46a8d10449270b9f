"""The growth curves: a table and a plot each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from loadtests.bench.questions import PLACEMENTS
from loadtests.report.goals import Results
from loadtests.report.svg import plot

WriteTable = Callable[[Sequence[str], Iterable[Sequence[object]]], str]
IMAGES = "images/performance"


def growth_sections(growth: Results, table: WriteTable) -> Iterator[str]:
    """Of the points that are there."""
    if not growth:
        yield "## Growth\n\nNot measured yet: `perennial bench --growth`."
        return
    for name, points in curves(growth).items():
        if points:
            image = (
                f"![p99 of each placement over {name}]({IMAGES}-{name}.svg)\n\n" if len(points) > 1 else ""
            )
            yield f"## Growth: {name}\n\n{image}" + (
                _training_table(points, table) if name == "interactions" else _serving_table(points, table)
            )
    failed = [
        f"* {name}: {point['error'].splitlines()[-1]}" for name, point in growth.items() if "error" in point
    ]
    if failed:
        yield "Not reached:\n\n" + "\n".join(failed)


def curves(growth: Results) -> dict[str, list[Results]]:
    """Axis -> its points, smallest first."""
    good = [point for point in growth.values() if "error" not in point]
    served = [point for point in good if "training" not in point]
    trained = [point for point in good if "training" in point]

    def along(axis: str, fixed: Mapping[str, int]) -> list[Results]:
        line = [point for point in served if all(point[name] == size for name, size in fixed.items())]
        return sorted(line, key=lambda point: point[axis])

    return {
        "products": along("products", {"customers": 10_000}),
        "customers": along("customers", {"products": 10_000}),
        "both": along("products", {"products": 1_000_000, "customers": 1_000_000}),
        "interactions": sorted(trained, key=lambda point: (point["orders"], point["products"])),
    }


def plots(growth: Results) -> dict[str, str]:
    """File name under docs/ -> SVG."""
    drawn = {}
    for name, points in curves(growth).items():
        if len(points) < 2:
            continue
        if name == "interactions":
            series = {
                "whole training": [_training_point(each, "training_s") for each in points],
                "ALS fit alone": [_training_point(each, "als_fit_s") for each in points],
            }
            drawn[name] = plot("Training", "interactions", "seconds", series)
        else:
            series = {
                placement: [(each[name], each["costs"][placement]["paced_ms"]["p99"]) for each in points]
                for placement in PLACEMENTS
            }
            drawn[name] = plot(f"Latency over {name}", name, "p99 of paced requests, ms", series)
    return {f"{IMAGES}-{name}.svg": drawing for name, drawing in drawn.items()}


def _training_point(point: Results, figure: str) -> tuple[float, float]:
    return point["training"]["interactions"], point["training"][figure]


def _serving_table(points: Sequence[Results], table: WriteTable) -> str:
    head = ("products", "customers", "home p50, ms", "home p99", "p99 over 1k products", "requests a second")
    return table(
        (*head, "private MB of the 2nd worker", "shared MB", "bundle MB", "ready, s"),
        (
            (
                f"{each['products']:,}",
                f"{each['customers']:,}",
                *(each["costs"]["home"]["paced_ms"][name] for name in ("p50", "p99")),
                " / ".join(f"{each['p99_ratio'].get(name, 1):g}" for name in PLACEMENTS),
                f"{each['costs']['home']['requests_per_s']:,}",
                *(each["memory_mb"][-1][name] for name in ("private", "shared")),
                f"{each['bundle_mb']:,.0f}",
                each["ready_s"],
            )
            for each in points
        ),
    )


def _training_table(points: Sequence[Results], table: WriteTable) -> str:
    head = ("interactions", "products", "customers", "ALS fit, s", "whole, s", "over the fit")
    return table(
        (*head, "peak GB", "over the matrix", "home p50, ms", "p99", "private MB", "ready, s"),
        (
            (
                f"{training['interactions']:,}",
                f"{each['products']:,}",
                f"{each['customers']:,}",
                f"{training['als_fit_s']:.1f}",
                f"{training['training_s']:.1f}",
                training["time_ratio"],
                f"{training['peak_mb'] / 1000:.2f}",
                training["memory_ratio"],
                *(each["costs"]["home"]["paced_ms"][name] for name in ("p50", "p99")),
                each["memory_mb"][-1]["private"],
                each["ready_s"],
            )
            for each in points
            for training in (each["training"],)
        ),
    )
