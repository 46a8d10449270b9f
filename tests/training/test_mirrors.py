"""Each module of training has a test of its name in the same place, or says here which test covers it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COVERED_BY = {
    "cli/doctor": "upkeep/test_doctor",
    "cli/evaluate": "evaluate/tasks/test_session",
    "cli/upkeep": "cli/test_privacy",
    "customers/choice": "customers/test_value",
    "customers/gamma_gamma": "customers/test_fit",
    "customers/likelihoods": "customers/test_fit",
    "customers/tastes": "customers/test_value",
    "data/countries": "models/test_markets",
    "data/refunds": "ledger/test_ways",
    "data/sign_ins": "data/test_history",
    "demo/build": "../loadtests/test_end_to_end",
    "demo/offers/customers": "demo/offers/test_simulation",
    "demo/offers/response": "demo/offers/test_simulation",
    "demo/shop/aftermath": "demo/shop/test_write",
    "demo/shop/baskets": "demo/shop/test_behaviour",
    "demo/shop/catalogue": "demo/shop/test_write",
    "demo/shop/colours": "demo/shop/test_storefront",
    "demo/shop/cost_files": "demo/shop/test_offers",
    "demo/shop/customer_histories": "demo/shop/test_behaviour",
    "demo/shop/journal": "demo/shop/test_write",
    "demo/shop/people": "demo/shop/test_behaviour",
    "demo/shop/pictures": "demo/shop/test_storefront",
    "demo/shop/relations": "demo/shop/test_behaviour",
    "demo/shop/season": "demo/shop/test_behaviour",
    "demo/shop/trials": "demo/shop/test_write",
    "demo/shop/truth": "demo/shop/test_behaviour",
    "demo/shop/visits": "demo/shop/test_write",
    "errors": "evaluate/datasets/test_parquet",
    "evaluate/baselines/cart": "evaluate/datasets/test_cart_cases",
    "evaluate/baselines/interactions": "evaluate/datasets/test_cart_cases",
    "evaluate/baselines/next_basket": "evaluate/tasks/test_next_basket",
    "evaluate/baselines/order_fits": "evaluate/tasks/test_clv",
    "evaluate/baselines/placements": "evaluate/tasks/test_placements",
    "evaluate/baselines/session": "evaluate/tasks/test_session",
    "evaluate/datasets/any_shop": "evaluate/tasks/test_placements",
    "evaluate/datasets/baskets": "evaluate/tasks/test_next_basket",
    "evaluate/datasets/interactions": "evaluate/datasets/test_cart_cases",
    "evaluate/datasets/looks": "evaluate/tasks/test_session",
    "evaluate/datasets/order_history": "evaluate/tasks/test_clv",
    "evaluate/datasets/placement_cases": "evaluate/tasks/test_placements",
    "evaluate/datasets/trials": "evaluate/tasks/test_uplift",
    "evaluate/exam": "evaluate/datasets/test_own_shop",
    "evaluate/page/goals": "evaluate/page/test_page",
    "evaluate/page/plot": "evaluate/page/test_page",
    "evaluate/tasks/cart": "evaluate/datasets/test_cart_cases",
    "evaluate/tasks/generated": "evaluate/tasks/test_clv",
    "evaluate/tasks/offers": "demo/offers/test_simulation",
    "evaluate/tasks/policy": "evaluate/tasks/test_uplift",
    "evaluate/tasks/reorder": "evaluate/tasks/test_clv",
    "experiments/exposures": "experiments/test_outcomes",
    "experiments/plans": "reports/test_experiments",
    "experiments/sequential": "experiments/test_verdict",
    "experiments/study": "reports/test_experiments",
    "ledger/expected_value": "reports/test_build",
    "ledger/segments": "reports/test_build",
    "ledger/sums": "reports/test_kpi",
    "ledger/touches": "ledger/test_ledger",
    "offers/candidates": "reports/test_policy",
    "offers/design": "offers/test_uplift",
    "offers/personal": "offers/test_uplift",
    "offers/replay": "reports/test_policy",
    "outbound/destination": "outbound/services/test_contracts",
    "outbound/dry": "cli/test_outbound",
    "outbound/every_service": "outbound/test_state",
    "outbound/messages": "outbound/test_send",
    "outbound/services/brevo": "outbound/services/test_contracts",
    "outbound/services/klaviyo": "outbound/services/test_contracts",
    "outbound/services/mailchimp": "outbound/services/test_contracts",
    "outbound/services/mailchimp_store": "outbound/test_orders",
    "outbound/services/registry": "outbound/services/test_contracts",
    "pricing/discounts": "pricing/test_response",
    "pricing/weeks": "reports/test_pricing",
    "replay/change": "replay/test_replay",
    "replay/changes": "replay/test_replay",
    "replay/estimate": "replay/test_replay",
    "replay/questions": "replay/test_replay",
    "reports/affinities": "reports/test_build",
    "reports/earned": "reports/test_days",
    "reports/model": "reports/test_build",
    "reports/offers": "reports/test_policy",
    "reports/recommended_products": "reports/test_recommendations",
    "reports/render/spreadsheet": "reports/render/test_presentation",
    "reports/render/terminal": "reports/render/test_presentation",
    "reports/segments": "reports/test_build",
    "run/manifest": "run/test_train",
    "settings": "data/test_interactions",
    "worker/erasures": "privacy/test_erase",
    "worker/trigger_experiments": "worker/test_trigger_rounds",
}
UNCOVERED = {"evaluate/tasks/offer_cost"}  # measures CPU; `perennial evaluate offer-cost` in docs/offers.md
MODULES = sorted(
    path.relative_to(ROOT / "training").with_suffix("").as_posix()
    for path in (ROOT / "training").rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_mirror_or_names_its_test(module: str) -> None:
    tests, path = ROOT / "tests" / "training", Path(module)
    mirror = tests / path.parent / f"test_{path.name}.py"
    named = COVERED_BY.get(module)
    assert mirror.is_file() != (named is not None or module in UNCOVERED)
    assert named is None or (tests / f"{named}.py").is_file()


def test_no_module_is_named_that_is_gone() -> None:
    assert not {*COVERED_BY, *UNCOVERED} - {*MODULES}
