import pytest

from loadtests.traffic.shapes import LOAD_SHAPES


@pytest.mark.parametrize(
    ("shape", "multiples"),
    [
        ("steady", [1, 1, 1]),
        ("soak", [0.5, 0.5, 0.5]),
        ("spike", [1, 5, 1]),
        ("ramp", [1, 5, 9]),
    ],
)
def test_a_shape_multiplies_the_rate(shape: str, multiples: list[float]) -> None:
    assert [LOAD_SHAPES[shape](passed) for passed in (0.1, 0.5, 0.9)] == pytest.approx(multiples)
