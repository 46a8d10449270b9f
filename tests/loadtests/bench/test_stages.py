from loadtests.bench.stages import stage_us


def test_a_stage_is_the_mean_of_what_came_between_two_readings() -> None:
    before = {"state": (1.0, 1_000.0)}
    after = {"state": (1.4, 3_000.0), "recommend": (0.3, 1_000.0), "idle": (0.0, 0.0)}
    assert stage_us(before, after) == {"state": 200.0, "recommend": 300.0}
