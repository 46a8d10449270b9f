"""`loadtests.inside.session_cost HOME`: microseconds that the session source takes, in one process."""

import json
from pathlib import Path
from time import perf_counter_ns, time
from typing import Annotated

import numpy as np
import typer

from features.home import Home
from features.live.shopper_state import ShopperState
from recommender.context.request import Request, Situation
from recommender.model import versions
from recommender.sources.session import ranked

VIEWS = 14


def main(home: Path, tries: Annotated[int, typer.Option(min=1)] = 20_000, seed: int = 7) -> None:
    """Print the quantiles as JSON, over visits to products drawn by how often they are bought."""
    bundle = versions.load_current(Home(home).models)
    if bundle is None:
        raise typer.BadParameter(f"{home} serves no model")
    rng, tables = np.random.default_rng(seed), bundle.tables
    share = tables.product.buyers + 1.0
    looks = rng.choice(len(share), (tries, VIEWS), p=share / share.sum())
    took = []
    for look in looks.tolist():
        shopper = ShopperState(viewed=tuple(map(tables.products.name, look)))
        situation = Situation(Request("home", time(), shopper), bundle)
        began = perf_counter_ns()
        ranked(situation)
        took.append((perf_counter_ns() - began) / 1000)
    names = {"p50": 50, "p99": 99, "p99.9": 99.9}
    quantiles = {name: round(float(np.percentile(took, share)), 1) for name, share in names.items()}
    print(json.dumps({"views": VIEWS, "tries": tries, "trees": len(tables.visit_trees), "us": quantiles}))


if __name__ == "__main__":
    typer.run(main)
