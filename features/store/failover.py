"""When another Redis becomes the one that takes writes: which errors say so, and how clients find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis

WRONG_NODE = ("READONLY", "LOADING", "MASTERDOWN", "MOVED", "CLUSTERDOWN")
"""What begins the reply of a node that does not take this command now; another one may."""
_MOVED = re.compile(r"MOVED \d+ (?P<host>[^ ]*):(?P<port>\d+)")


def is_wrong_node(reply: str) -> bool:
    """Whether an error, of a command or inside a script, says that the node is not the one to ask.

    A script's error quotes it: `... script: -READONLY You can't write ...`.
    """
    return any(reply.startswith(word) or f"-{word} " in reply for word in WRONG_NODE)


def moved_to(reply: str) -> tuple[str, int] | None:
    """Host ("": as before) and port of the node that a cluster names instead, None where it names none."""
    found = _MOVED.search(reply)
    return (found["host"], int(found["port"])) if found else None


@contextmanager
def reconnecting(client: redis.Redis) -> Iterator[None]:
    """Work with a client; where that ends with the wrong node, its next connections are made anew."""
    import redis

    try:
        yield
    except redis.RedisError as error:
        if isinstance(error, redis.exceptions.ReadOnlyError) or is_wrong_node(str(error)):
            client.connection_pool.disconnect()
        raise
