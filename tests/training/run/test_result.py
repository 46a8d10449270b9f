from training.run.result import TrainingResult

METRICS = {
    "cart": {
        "cases": 1200,
        "perennial": {"ndcg@10_full": {"value": 0.25}},
        "popularity": {"ndcg@10_full": {"value": 0.1}},
    }
}


def result(published: bool = True, **more: object) -> TrainingResult:
    facts = {"reasons": (), "metrics": METRICS, "warnings": ()} | more
    return TrainingResult("v1", published, orders=10, customers=5, products=3, seconds=2.4, **facts)  # type: ignore[arg-type]


def test_what_serves_and_how_well_it_ranks() -> None:
    lines = dict(result().lines())
    assert lines["Version"] == "v1, serves now"
    assert (
        lines["Hidden product of a cart"]
        == "ndcg@10_full 0.250, popularity 0.100 (1,200 cases of the last weeks)"
    )
    assert lines["Took"] == "2 s"
    assert "Quality" not in lines


def test_a_refusal_names_each_reason_and_what_was_left_out() -> None:
    lines = list(result(published=False, reasons=("worse", "broken"), warnings=("no forecast",)).lines())
    assert lines[0] == ("Version", "v1, NOT published")
    assert [value for label, value in lines if label == "Refused"] == ["worse", "broken"]
    assert ("Warning", "no forecast") in lines


def test_customers_whose_forecasts_make_no_sense_are_named() -> None:
    lines = dict(result(published=False, reasons=("senseless",), concerned=("c-1", "c-2")).lines())
    assert lines["Customers"] == "look at the orders of c-1, c-2"


def test_a_history_too_short_to_measure_says_so() -> None:
    assert "too short" in dict(result(metrics={}).lines())["Quality"]
