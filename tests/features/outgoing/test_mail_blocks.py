"""Tokens in e-mails: what they hold comes back, and nobody else can read or make one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.outgoing.mail_blocks import MailBlock, seal, unseal
from features.people.names import PeopleKey

KEY, OTHER = PeopleKey(b"k" * 32), PeopleKey(b"o" * 32)
ANN = MailBlock("ann@example.org", "win_back", "spring", 1_800_000_000)


@given(st.text(), st.text(), st.integers(0, 2**40))
def test_a_block_comes_back(customer: str, block: str, until_s: int) -> None:
    sealed = MailBlock(customer, "newsletter", block, until_s)
    assert unseal(KEY, seal(KEY, sealed)) == sealed


def test_a_token_says_nothing_and_is_the_same_each_time() -> None:
    token = seal(KEY, ANN)
    assert token == seal(KEY, ANN) != seal(OTHER, ANN)
    assert "ann" not in token
    assert token.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize("token", ["", "x", "é", "none", "=" * 9, "A" * 3_000, "*|PERENNIAL|*"])
def test_what_no_home_made_is_no_token(token: str) -> None:
    assert unseal(KEY, token) is None


def test_a_changed_or_foreign_token_is_none() -> None:
    token = seal(KEY, ANN)
    assert unseal(OTHER, token) is None
    for place in range(0, len(token), 7):
        swapped = "A" if token[place] != "A" else "B"
        assert unseal(KEY, token[:place] + swapped + token[place + 1 :]) is None
