from dataclasses import replace

from features.live.shopper_state import ShopperState
from recommender.context.request import Request, Situation
from recommender.sources.als import for_you

from bundles import NOW, small_bundle


def test_a_vector_is_folded_in_once_until_something_happens() -> None:
    bundle = small_bundle()
    tables = replace(bundle.tables, factors=replace(bundle.tables.factors))
    bundle = replace(bundle, tables=tables)

    def items(viewed: tuple[str, ...], customer: str | None = None) -> list[int]:
        request = Request("home", NOW.timestamp(), ShopperState(viewed=viewed), customer_id=customer)
        return list(for_you(Situation(request, bundle)).items)

    first = items(("mug",), "ann")
    assert items(("mug",), "ann") == first
    assert len(tables.factors.folded_in) == 1
    assert items(("kettle", "mug"), "ann") != first
    assert items(("mug",)) != []
    assert items(()) == []
    assert len(tables.factors.folded_in) == 3
