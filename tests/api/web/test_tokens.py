import re

from api.web.tokens import TOKENS_AT_ONCE, new_token


def test_every_token_is_another_one() -> None:
    tokens = [new_token() for _ in range(3 * TOKENS_AT_ONCE)]
    assert len(set(tokens)) == len(tokens)
    assert all(re.fullmatch(r"[0-9a-f]{16}", token) for token in tokens)
