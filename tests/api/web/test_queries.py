"""What a query string says."""

import pytest

from api.web.queries import ask_of_query


@pytest.mark.parametrize(
    ("query", "field", "value"),
    [
        (b"cart=a%2Cb,c", "cart", ("a", "b", "c")),
        (b"exclude=,a,", "exclude", ("a",)),
        (b"category=tea+pots", "category", "tea pots"),
        (b"category=th%C3%A9", "category", "th\u00e9"),
        (b"product_id=100%25%2526", "product_id", "100%%26"),
        (b"%70roduct_id=p-1", "product_id", "p-1"),
        (b"product_id=", "product_id", None),
        (b"product_id=a=b", "product_id", "a=b"),
        (b"key=pk_1&product_id=p-1", "product_id", "p-1"),
        (b"candidates=b,a", "candidates", ("b", "a")),
        (b"filter=brand:A,B&filter=%21colour:red", "filter", ("brand:A,B", "!colour:red")),
        (b"filter=brand:Fern+%26+Clay", "filter", ("brand:Fern & Clay",)),
    ],
)
def test_escapes_lists_and_empty_values(query: bytes, field: str, value: object) -> None:
    assert getattr(ask_of_query(b"placement=home&" + query), field) == value
