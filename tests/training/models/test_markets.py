"""What sells in each country. Covers training/data/countries.py, too."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from histories import history_of, order
from small_customers import small_facts

from features.events.vocabulary import EventContext
from features.home import Home
from recommender.arrays.id_map import IdMap
from recommender.model.customer_tables import CustomerFacts
from training.data.history import History
from training.models.markets import fit_markets

from factories import event

COUNTRIES = ("DE", "de", "FR")


def facts_of(history: History) -> CustomerFacts:
    """By the beginning of a customer's id."""
    country = np.array([COUNTRIES.index(name[:2]) for name in history.customer_ids], np.int32)
    return replace(small_facts(), country=country, words=IdMap.build(COUNTRIES))


def test_what_sells_in_a_country_comes_first_there(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *(order("stein", customer=f"DE-{n}", days_ago=n) for n in range(8)),
        *(order("stein", customer=f"de-{n}", days_ago=n) for n in range(8)),
        *(order("cake", customer=f"FR-{n}", days_ago=n) for n in range(9)),
        *(order("mug", "hidden", customer=f"DE-{n}") for n in range(3)),
        *(order("tea") for _ in range(400)),
    )
    rows = {name: row for row, name in enumerate(history.product_ids)}
    shown = np.ones(len(rows), np.bool_)
    shown[rows["hidden"]] = False
    table = fit_markets(history, facts_of(history), shown)
    assert table.best_sellers("FR") is None  # nine buyers are too few to tell
    here = table.best_sellers("De")
    assert here is not None
    assert [history.product_ids[each] for each in here.items[:3]] == ["tea", "stein", "mug"]
    assert (here.together[1], here.together[0], here.weights[0]) == (16, 0, 1.0)
    assert rows["hidden"] not in here.items


def test_without_countries_there_is_no_market(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), order("tea", customer="DE-1"))
    table = fit_markets(history, facts_of(history), np.ones(1, np.bool_))
    assert len(table.countries) == 0
    assert table.best_sellers("DE") is None


def test_a_guests_country_is_that_of_the_order(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *(order("stein", context=EventContext(country="DE")) for _ in range(7)),
        *(order("stein", customer=f"de-{n}", context=EventContext(country="FR")) for n in range(3)),
        *(order("tea") for _ in range(20)),
    )
    shown = np.ones(2, np.bool_)
    here = fit_markets(history, facts_of(history), shown).best_sellers("de")
    assert here is not None
    buyers = {history.product_ids[each]: int(n) for each, n in zip(here.items, here.together, strict=True)}
    assert buyers == {"stein": 10, "tea": 0}
    assert fit_markets(history, None, shown).best_sellers("de") is None  # seven guests are too few


def test_who_said_no_to_profiling_counts_as_a_guest(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *(order("stein", customer=f"c-{n}", context=EventContext(country="DE")) for n in range(12)),
        *(event("consent", customer_id=f"c-{n}", properties={"profiling": False}) for n in range(12)),
    )
    assert history.customer_ids == []
    here = fit_markets(history, None, np.ones(1, np.bool_)).best_sellers("DE")
    assert here is not None
    assert here.together[0] == 12
