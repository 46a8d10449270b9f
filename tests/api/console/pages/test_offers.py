"""Offers, budgets, sets and limits by form."""

from typing import Any

import httpx

PAGE = "/console/offers"
OFFER = {"part": "offer", "name": "Free shipping", "kind": "free_shipping", "cost": "4.9", "revision": "0"}


def catalogue(http: httpx.Client) -> dict[str, Any]:
    saved: dict[str, Any] = http.get("/v1/offers/catalogue").json()["catalogue"]
    return saved


def save(console: httpx.Client, **fields: str) -> httpx.Response:
    return console.post(f"{PAGE}/save", data=OFFER | fields)


def test_a_shop_begins_without_offers_and_is_told_how_to_begin(console: httpx.Client) -> None:
    page = console.get(PAGE)
    assert page.status_code == 200
    assert "No offers yet" in page.text


def test_an_offer_with_its_budget_is_saved_changed_and_removed(
    console: httpx.Client, http: httpx.Client
) -> None:
    save(console, part="budget", name="Winter", amount="500", **{"until": "2027-03-01T00:00"})
    save(
        console,
        revision="1",
        budgets="winter",
        minimum_cart="50",
        first_order="yes",
        cap_times="1",
        cap_days="30",
    )
    saved = catalogue(http)
    assert saved["budgets"] == [{"id": "winter", "amount": 500.0, "until": "2027-03-01T00:00:00Z"}]
    (offer,) = saved["offers"]
    assert offer["id"] == "free-shipping"
    assert offer["eligible"] == {"minimum_cart": 50.0, "first_order": True}
    assert (offer["budgets"], offer["cap"]) == (["winter"], {"times": 1, "days": 30})
    shown = console.get(PAGE)
    assert "Free shipping" in shown.text
    form = console.get(f"{PAGE}/edit", params={"part": "offer", "id": "free-shipping"}).text
    assert 'value="4.9"' in form
    save(console, revision="2", id="free-shipping", name="Post paid")
    assert [each["name"] for each in catalogue(http)["offers"]] == ["Post paid"]
    console.post(f"{PAGE}/remove", data={"part": "offer", "id": "free-shipping"})
    assert catalogue(http).get("offers", []) == []
    console.post(f"{PAGE}/restore", data={"revision": "3"})
    assert [each["name"] for each in catalogue(http)["offers"]] == ["Post paid"]


def test_sets_and_limits_are_saved(console: httpx.Client, http: httpx.Client) -> None:
    save(console, part="set", name="Tea time", products="tea, mug")
    save(
        console,
        part="limits",
        revision="1",
        contacts_times="2",
        contacts_days="30",
        minimum_margin="10",
        exploration="5",
        forbidden="spoon",
        apart="tin + jug\ntea, tin\n",
    )
    saved = catalogue(http)
    assert saved["sets"] == {
        "fixed": [{"products": ["tea", "mug"], "name": "Tea time"}],
        "forbidden": ["spoon"],
        "apart": [["tin", "jug"], ["tea", "tin"]],
    }
    assert (saved["contacts"], saved["minimum_margin"]) == ({"times": 2, "days": 30}, 0.1)
    assert "tin + jug" in console.get(f"{PAGE}/edit", params={"part": "limits"}).text
    save(console, part="set", was="tea+mug", revision="2", name="Tea", products="tea, spoon")
    assert len(catalogue(http)["sets"]["fixed"]) == 1  # `spoon` may be in no set: refused
    console.post(f"{PAGE}/remove", data={"part": "set", "id": "tea+mug"})
    assert catalogue(http)["sets"].get("fixed", []) == []


def test_what_is_wrong_is_said_and_what_was_written_stays(console: httpx.Client, http: httpx.Client) -> None:
    answer = save(console, kind="percentage", value="150", name="Too much")
    assert answer.status_code == 422
    assert "at most 100 per cent" in answer.text
    assert 'value="Too much"' in answer.text
    assert catalogue(http).get("offers", []) == []
