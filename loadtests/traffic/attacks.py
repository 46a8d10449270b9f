"""What one hostile client does to a service, at any scale; each function says what became of it."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import NamedTuple

Address = tuple[str, int]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
PATIENCE_S = 10.0


class Sent(NamedTuple):
    """taken: bytes that the service took before it hung up; answer: the beginning of what it said."""

    taken: int
    answer: bytes


def endless_header(address: Address, most_bytes: int) -> Sent:
    """One header line without an end."""
    return _send_until_cut(address, HEAD + b"X-Long: ", b"a" * 65_536, most_bytes)


def pipelined(address: Address, most_bytes: int, path: bytes = b"/healthz") -> Sent:
    """Requests one after the other, and no look at the answers."""
    request = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path
    return _send_until_cut(address, b"", request * (65_536 // len(request)), most_bytes)


def half_open(address: Address, number: int, within_s: float, begin: bytes = HEAD) -> int:
    """Connections that begin a request and never end it: how many are still open after `within_s`."""
    with ExitStack() as held:
        lines = [
            held.enter_context(closing(socket.create_connection(address, PATIENCE_S))) for _ in range(number)
        ]
        for line in lines:
            if begin:
                line.sendall(begin)
        until = time.monotonic() + within_s
        waiting = lines
        while waiting and time.monotonic() < until:
            time.sleep(0.1)
            waiting = [line for line in waiting if not _is_closed(line)]
        return len(waiting)


def dribbled(address: Address, begin: bytes, every_s: float, within_s: float) -> float:
    """One byte after the other: seconds until the service hung up, `within_s` if it did not."""
    with closing(socket.create_connection(address, PATIENCE_S)) as line:
        began = time.monotonic()
        line.sendall(begin)
        with suppress(OSError):
            while time.monotonic() - began < within_s and not _is_closed(line):
                line.sendall(b"a")
                time.sleep(every_s)
        return time.monotonic() - began


@contextmanager
def unread(address: Address, number: int, path: bytes) -> Iterator[None]:
    """Connections that ask for something long and read none of it, for as long as the block lasts."""
    with ExitStack() as held:
        for _ in range(number):
            line = held.enter_context(closing(socket.create_connection(address, PATIENCE_S)))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            line.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        yield


def _send_until_cut(address: Address, begin: bytes, chunk: bytes, most_bytes: int) -> Sent:
    sent, answer = 0, b""
    with closing(socket.create_connection(address, PATIENCE_S)) as line:
        with suppress(OSError):
            line.sendall(begin)
            while sent < most_bytes:
                line.settimeout(0.5)
                sent += line.send(chunk)
        with suppress(OSError):
            line.settimeout(2.0)
            answer = line.recv(65_536)
    return Sent(sent, answer)


def _is_closed(line: socket.socket) -> bool:
    """Whether the service has hung up; what it said before is dropped."""
    line.setblocking(False)
    try:
        while chunk := line.recv(65_536):
            del chunk
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        with suppress(OSError):
            line.settimeout(PATIENCE_S)
    return True
