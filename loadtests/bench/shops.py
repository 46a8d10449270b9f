"""The shops that a bench measures, made by commands in processes of their own: none is imported."""

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from loadtests.bench.plan import ShopSize
from loadtests.machine.server import NoServer

LIMIT_S = 7_200.0
MODEL_DAYS = 3  # since its training, as in the middle of a week: what is foreseen holds no longer


def generate(home: Path, size: ShopSize) -> None:
    """A shop's history, until its model was trained, and its catalogue; one that is there stays."""
    if home.exists():
        return
    partial = home.with_name(f"{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    trained = datetime.now(UTC) - timedelta(days=MODEL_DAYS)
    _run("growth", partial, *size.words(), "--until", f"{trained:%Y-%m-%d}")
    partial.rename(home)


def train(home: Path, limit_s: float = LIMIT_S, *, keep: bool = False) -> dict[str, Any]:
    """Train on it; what that took, beside implicit's own ALS fit on the same matrix.

    keep: a home that serves already is left alone; the figures are empty.
    """
    words = ["--keep"] * keep
    output = _run("training_ratio", home, "--days-ago", MODEL_DAYS, *words, limit_s=limit_s)
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return figures


def enlarge(shop: Path, home: Path, products: int, customers: int, *, every_source: bool = False) -> Path:
    """A home whose bundle is the trained one many times over; one that serves stays. Returns it.

    every_source: its placements ask all sources that they know.
    """
    words = ["--every-source"] * every_source
    _run("enlarge", shop, home, "--products", products, "--customers", customers, "--keep", *words)
    return home


def session_cost(home: Path, looks: int) -> dict[str, Any]:
    """Microseconds of the session source in one process."""
    figures: dict[str, Any] = json.loads(_run("session_cost", home, "--tries", str(looks)))
    return figures


def _run(command: str, *words: object, limit_s: float = LIMIT_S) -> str:
    """A command of loadtests.inside. Raises NoServer with what it said, TimeoutExpired."""
    full = [sys.executable, "-P", "-m", f"loadtests.inside.{command}", *map(str, words)]
    done = subprocess.run(full, capture_output=True, text=True, timeout=limit_s, check=False)
    if done.returncode:
        raise NoServer(f"`{' '.join(full[1:])}` failed:\n{done.stderr[-2000:]}")
    return done.stdout
