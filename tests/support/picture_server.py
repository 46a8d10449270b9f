"""A small web server of pictures and of all that is none."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

HOST = "127.0.0.1"
SLOW_S = 30.0


def png(colour: str = "#b5523b", size: tuple[int, int] = (300, 200)) -> bytes:
    """A picture of one colour."""
    packed = io.BytesIO()
    Image.new("RGB", size, colour).save(packed, "PNG")
    return packed.getvalue()


class PictureServer(ThreadingHTTPServer):
    """asked: paths, in the order in which they were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Pictures)
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"


class _Pictures(BaseHTTPRequestHandler):
    """/red.png is one, /away leads to ?to, /long says more than it sends, /slow drips, others are 404."""

    server: PictureServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path, _, query = self.path.partition("?")
        with suppress(OSError):
            if path == "/red.png":
                self._send(200, png())
            elif path == "/away":
                self._send(302, b"", location=query)
            elif path == "/text.png":
                self._send(200, b"<html>sign in</html>")
            elif path == "/large":
                self._send(200, b"x" * 200_000)
            elif path == "/slow":
                self._drip()
            else:
                self._send(404, b"nothing here")

    def log_message(self, format: str, *args: object) -> None:
        """Not to the test's output."""

    def _send(self, status: int, content: bytes, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "Image/PNG; x=y")
        self.send_header("Content-Length", str(len(content)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        """A byte now and then, so that no single read takes long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        until = time.monotonic() + SLOW_S
        while time.monotonic() < until and not self.server.over.wait(0.05):
            self.wfile.write(b"X")


@contextmanager
def picture_server() -> Iterator[PictureServer]:
    """While the block lasts."""
    with PictureServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
