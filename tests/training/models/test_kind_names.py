from training.models.kind_names import kind_names

DISHES = [f"{make} {pot}" for pot in ("Cake Tin", "Loaf Tin") for make in ("Steel", "Glass", "Springform")]
OTHERS = [
    f"{make} {thing}, Blue" for thing in ("Mug", "Carafe", "Spoon", "Knife") for make in ("Old", "Oak", "New")
] * 3


def test_a_word_that_makes_a_kind_of_its_own_is_in_the_name() -> None:
    names, nouns = kind_names([*DISHES, *OTHERS])
    assert names[:6] == ["cake tin"] * 3 + ["loaf tin"] * 3
    assert set(nouns[:6]) == {"tin"}


def test_a_word_that_says_how_good_a_thing_is_does_not() -> None:
    mugs = ["Stoneware Mug, Sage", "Stoneware Mug, Chalk", "Stoneware Mug, Ink", "Plain Mug, Sage"]
    names, _ = kind_names([*mugs, *DISHES, *OTHERS])
    assert set(names[:4]) == {"mug"}


def test_nothing_is_named_by_nothing() -> None:
    assert kind_names(["", "12"]) == (["", ""], ["", ""])
