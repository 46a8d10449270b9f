"""`training.demo.answers HOME`: what pages and customers of a shop are shown, for docs."""

import json
import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from features.home import Home
from recommender.context.request import Placement, Request
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.recommend import Pick, Recommender

PRODUCTS, CUSTOMERS, SHOWN = 15, 10, 4
FEWEST_BOUGHT = 3  # products of the customers that are looked at
TOLD_BUYERS = 10  # of both, from which the page counts them
LISTS: tuple[tuple[Placement, str], ...] = (
    ("product_similar", "instead of it"),
    ("product_complements", "with it"),
    ("upgrade", "a step up"),
)
TO_CUSTOMERS: tuple[tuple[Placement, str], ...] = (
    ("home", "at home"),
    ("buy_again", "to buy again"),
    ("post_purchase", "after the last order"),
    ("email", "in a newsletter"),
)
BEGIN, END = "<!-- answers of {shop} -->", "<!-- end of answers of {shop} -->"
WIDTH = 120


def looked_at(page: str, answers: str, shop: str) -> str:
    """A page with the shop's answers between BEGIN and END replaced, in lines of at most WIDTH."""
    begin, end = (mark.format(shop=shop) for mark in (BEGIN, END))
    before, found, rest = page.partition(begin)
    if not found:
        raise ValueError(f"The page has no place for these answers: add `{begin}` and `{end}`.")
    return f"{before}{begin}\n{_wrapped(answers)}{end}{rest.partition(end)[2]}"


def _wrapped(answers: str) -> str:
    wrap = textwrap.TextWrapper(WIDTH, break_on_hyphens=False)
    lines = []
    for line in answers.splitlines():
        wrap.subsequent_indent = "  " if line.startswith("* ") else ""
        lines.append(f"{wrap.fill(line)}\n")
    return "".join(lines)


def answers_of(bundle: Bundle, product_ids: list[str]) -> str:
    """A paragraph for each product: Markdown."""
    return "".join(f"{paragraph}\n" for each in product_ids for paragraph in _paragraph(bundle, each))


def some_products(truth: dict[str, Any], number: int = PRODUCTS) -> list[str]:
    """Products from all over the shop, of all qualities. truth: the `products` of truth.json."""
    names = list(truth)
    return [names[place * len(names) // number + place % 3] for place in range(number)]


def best_sellers_apart(bundle: Bundle, number: int = PRODUCTS) -> list[str]:
    """Products from the best seller down to the middle of those that sell, where nothing is planted."""
    items = bundle.tables.popular.items
    step = max(len(items) // (2 * number), 1)
    return [bundle.tables.products.name(int(item)) for item in items[: step * number : step]]


def _paragraph(bundle: Bundle, product_id: str) -> Iterator[str]:
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    now = datetime.fromisoformat(bundle.manifest.last_order).timestamp()
    yield f"\n**{_named(bundle, bundle.tables.products.row(product_id))}**\n"
    for placement, heading in LISTS:
        picks = recommender.recommend(Request(placement, now, product_id=product_id), SHOWN)
        yield f"* {heading}: {'; '.join(_told(bundle, pick) for pick in picks) or 'nothing'}"


def answers_to(bundle: Bundle, customers: list[int]) -> str:
    """A paragraph for each customer (row): Markdown."""
    return "".join(f"{line}\n" for each in customers for line in _customers_paragraph(bundle, each))


def some_customers(bundle: Bundle, number: int = CUSTOMERS) -> list[int]:
    """Rows of customers from those with few products to those with most."""
    n_bought = np.diff(bundle.tables.purchases.offsets)
    known = np.argsort(n_bought, kind="stable")
    known = known[n_bought[known] >= FEWEST_BOUGHT]
    return [int(known[(place + 1) * (len(known) - 1) // number]) for place in range(number)]


def _customers_paragraph(bundle: Bundle, customer: int) -> Iterator[str]:
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    now = datetime.fromisoformat(bundle.manifest.last_order).timestamp()
    bought, name = bundle.tables.purchases.of(customer), bundle.tables.customers.name(customer)
    most = bought.items[np.argsort(-bought.orders, kind="stable")][:SHOWN]
    yield f"\n**{name}**, {len(bought.items)} products bought, most often {_list(bundle, most.tolist())}\n"
    for placement, heading in TO_CUSTOMERS:
        picks = recommender.recommend(Request(placement, now, customer_id=name), SHOWN)
        yield f"* {heading}: {_list(bundle, [pick.item for pick in picks])}"


def _list(bundle: Bundle, items: list[int]) -> str:
    return "; ".join(_named(bundle, item) for item in items) or "nothing"


def _told(bundle: Bundle, pick: Pick) -> str:
    evidence = pick.reason.evidence
    together = evidence.get("together", 0)
    said = [f"{together} of {evidence['buyers']} buyers"] if together >= TOLD_BUYERS else []
    for name, (was, now) in evidence.get("better", {}).items():
        said.append(f"{'rated ' if name == 'rating' else ''}{now} instead of {was}")
    return f"{_named(bundle, pick.item)}{''.join(f', {each}' for each in said)}"


def _named(bundle: Bundle, item: int) -> str:
    title, price = bundle.tables.titles[item].decode(), bundle.tables.product.price[item]
    return title if np.isnan(price) else f"{title} ({price:.2f})"


def main(
    home: Annotated[Path, typer.Argument()], page: Path = Path("docs/placements.md"), shop: str = "the demo"
) -> None:
    """Write the answers into the page, where those of the shop stand."""
    bundle = versions.load_current(Home(home).models)
    if bundle is None:
        raise typer.BadParameter(f"{home} has no model: make one with `perennial demo --home {home}`")
    planted = home / "demo" / "truth.json"
    products = (
        some_products(json.loads(planted.read_text("utf-8"))["products"])
        if planted.exists()
        else best_sellers_apart(bundle)
    )
    answers = answers_of(bundle, products) + answers_to(bundle, some_customers(bundle))
    page.write_text(looked_at(page.read_text("utf-8"), answers, shop), "utf-8")


if __name__ == "__main__":
    typer.run(main)
