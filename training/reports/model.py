"""The published model: when and on what it was trained, its metrics, and what it expects of offers."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from features.home import Home
from features.insights.report import Figure, Part, Report, Table, figure, table
from recommender.model import versions
from recommender.model.bundle import Manifest
from recommender.offers.incremental_margin import OfferModel

MODEL_TITLE = "The model"
NO_MODEL_YET = "No model serves yet: `perennial train` makes one."


def model_report(home: Home, day: str) -> Report:
    """day: ISO, of the figures."""
    bundle = versions.load_current(home.models)
    if bundle is None:
        return Report("model", MODEL_TITLE, day, [Part(None)], [NO_MODEL_YET])
    manifest, offers = bundle.manifest, bundle.tables.offers
    tables = [_metrics(manifest), _versions(home, manifest.version)]
    if offers is not None:
        tables.append(_offers(offers.model))
    return Report("model", MODEL_TITLE, day, [Part(None, _figures(manifest), tables)])


def _figures(manifest: Manifest) -> list[Figure]:
    counts = {"orders": manifest.orders, "customers": manifest.customers, "products": manifest.products}
    return [figure(f"model_{name}", float(count)) for name, count in counts.items()]


def _metrics(manifest: Manifest) -> Table:
    rows = sorted(_flat(manifest.metrics))
    text = (
        f"Version {manifest.version}, orders up to {manifest.last_order[:10]}. Measured on the last weeks,"
        " which the model had not seen." + ("" if rows else " The history is too short for it.")
    )
    return table("model_metrics", "How well it does", ["measure", "value"], rows, None, text)


def _flat(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[list[Any]]:
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} · ")
        elif isinstance(value, int | float):
            yield [prefix + name, float(value)]


def _versions(home: Home, serving: str) -> Table:
    newest = sorted(versions.manifests(home.models), key=lambda each: each.created_at, reverse=True)[:10]
    rows = [
        [each.version, each.created_at[:10], each.orders, "serves" if each.version == serving else ""]
        for each in newest
    ]
    return table("model_versions", "Versions", ["version", "trained_on", "orders", "serves"], rows)


def _offers(model: OfferModel) -> Table:
    low, middle, high = np.quantile(model.average, (0.05, 0.5, 0.95), axis=0)
    rows = [list(row) for row in zip(model.arms, middle.tolist(), low.tolist(), high.tolist(), strict=True)]
    stage = {
        "thin": "not sure yet which offer is best: they are drawn as often as each is the best",
        "single": "one offer is surely best for all; personal choices are not proven to earn more",
        "personal": "choosing for each customer surely earns more than one offer for all",
    }[model.stage]
    text = f"Money above no offer, a decision, with 90 % intervals; {stage}."
    columns = ["offer", "brings", "brings_low", "brings_high"]
    return table("model_offers", "What offers are believed to bring", columns, rows, None, text)
