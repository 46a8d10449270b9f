"""Head and body of an answer go out together; nothing that is written is kept back for good."""

import asyncio
import socket

from api.process.joined_writes import JoinedWrites

HEAD, BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", b"ok"


class Pieces(asyncio.Protocol):
    """Both ends of a real connection: what was received, a piece for each read."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received.append(data)


async def pieces_of(*writes: bytes, close: bool = False) -> list[bytes]:
    """What a client reads where each write is given time to arrive."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    server, client = Pieces(), Pieces()
    transport, _ = await loop.connect_accepted_socket(lambda: server, ours)
    await loop.connect_accepted_socket(lambda: client, theirs)
    joined = JoinedWrites(transport, transport.close)
    for data in writes:
        joined.write(data)
        await asyncio.sleep(0.02)
    if close:
        joined.close()
        await asyncio.sleep(0.02)
        assert joined.is_closing()
    transport.close()
    client.transport.close()
    return client.received


async def test_a_head_waits_for_its_body() -> None:
    assert await pieces_of(HEAD, BODY, HEAD, BODY) == [HEAD + BODY] * 2


async def test_a_stream_goes_on_piece_by_piece() -> None:
    assert await pieces_of(HEAD, b"1", b"2", b"") == [HEAD + b"1", b"2"]


async def test_an_empty_body_sends_the_head() -> None:
    assert await pieces_of(HEAD, b"") == [HEAD]


async def test_a_client_is_told_to_go_on_at_once() -> None:
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert await pieces_of(go_on, HEAD, BODY) == [go_on, HEAD + BODY]


async def test_closing_sends_what_waits() -> None:
    assert await pieces_of(HEAD, close=True) == [HEAD]
