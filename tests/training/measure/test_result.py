from training.measure.result import Evaluation

EVALUATION = Evaluation(
    task="session",
    dataset="shop",
    metrics={
        "perennial": {"mrr@20": {"value": 0.5, "low": 0.4, "high": 0.6}, "ms": {"value": 0.1}},
        "popularity": {"mrr@20": {"value": 0.25, "low": 0.2, "high": 0.3}},
    },
    cases=2_000,
    seconds=3.2,
    settings={"sample": 500, "fade": 0.25},
)


def test_the_table_has_a_ranker_a_row_and_a_measure_a_column() -> None:
    quality, conduct = EVALUATION.tables()
    assert quality == (
        ["", "mrr @20"],
        [["perennial", "0.500\n(0.400-0.600)"], ["popularity", "0.250\n(0.200-0.300)"]],
    )
    assert conduct == (["", "ms"], [["perennial", "0.100"]])


def test_programs_get_every_figure_and_people_the_settings() -> None:
    assert list(EVALUATION.as_dict()) == ["task", "dataset", "metrics", "cases", "seconds", "settings"]
    assert EVALUATION.as_dict()["metrics"]["perennial"]["mrr@20"]["low"] == 0.4
    assert dict(EVALUATION.lines()) == {
        "Evaluated": "session on shop: 2,000 cases in 3 s",
        "sample": "500",
        "fade": "0.25",
    }
