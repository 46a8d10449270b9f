"""What an answer's log says of the request is enough to ask it again."""

import json

import msgspec
import pytest

from features.live.shopper_state import ShopperLog
from recommender.context.request import Request
from recommender.context.request_record import read, written
from recommender.filters.syntax import read_filters

LOG = ShopperLog((b"one",))


@pytest.mark.parametrize(
    "request_",
    [
        Request("home", now=12.5, shopper=LOG),
        Request("product_similar", now=12.5, shopper=LOG, customer_id="ann", product_id='a"é'),
        Request("email", now=12.5, shopper=LOG, campaign="win_back", repeats="all"),
        Request("home", now=12.5, shopper=LOG, repeats=0.25),
        Request(
            "cart", now=12.5, shopper=LOG, cart=("a", "b"), exclude=("c",), min_price=2.5, in_stock=False
        ),
        Request(
            "home",
            now=12.5,
            shopper=LOG,
            filter=read_filters(["a:1..", "!b:x|y", {"or": [{"c": {"max": 2}}, {"not": {"d": "*"}}, "e:*"]}]),
            candidates=("a",),
            country="DE",
            offset=8,
        ),
    ],
)
def test_a_request_is_read_as_it_was_written(request_: Request) -> None:
    assert read(written(request_), 12.5, LOG, request_.customer_id) == request_


def test_nothing_of_the_shopper_and_of_what_is_as_usual_is_written() -> None:
    assert json.loads(written(Request("home", now=1.0, customer_id="ann"))) == {"placement": "home"}


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        read('{"placement": "nowhere"}', 1.0, LOG, None)
