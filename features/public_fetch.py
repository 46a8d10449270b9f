"""Files that the shop names by their address on the web, fetched without a way into the shop's own network.

A name may lead anywhere, so the address behind it is looked at, and the connection goes to that very address:
a name that leads elsewhere a moment later (DNS rebinding) changes nothing. Redirects are looked at, too.
"""

import http.client
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Event, Timer
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 3
NAT64 = ip_network("64:ff9b::/96")


class NotFetched(Exception):
    """There is nothing to be had from this address, or it may not be asked; the message says why."""


class Limits(NamedTuple):
    """all_s: from the look-up of the name to the last byte, of each redirect anew; hosts: names that may lead
    into the shop's own network, at any port."""

    all_s: float
    most_bytes: int
    hosts: Collection[str] = ()


class Fetched(NamedTuple):
    """content_type: as the server says, in lower case and without parameters. etag, modified: by which it can
    be asked whether there is something newer, "" where it does not say."""

    content: bytes
    content_type: str
    etag: str = ""
    modified: str = ""
    is_unchanged: bool = False


def fetch(url: str, limits: Limits, known: Fetched | None = None) -> Fetched:
    """known: what came before; the same again, marked as unchanged, where the server says so. Raises
    NotFetched."""
    for _ in range(MOST_REDIRECTS + 1):
        try:
            found = _once(urlsplit(url), limits, known)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise NotFetched(f"{url} cannot be fetched: {error!r}") from error
        if isinstance(found, Fetched):
            return found
        url = urljoin(url, found)
    raise NotFetched(f"{url}: too many redirects")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is an address of the open internet, also behind its IPv6 forms."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _once(url: SplitResult, limits: Limits, known: Fetched | None) -> Fetched | str:
    """What lies there, or where it leads on."""
    if url.scheme not in PORTS or url.hostname is None:
        raise NotFetched("only addresses that begin with http:// or https:// are fetched")
    target = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    with _connected(url, url.hostname, limits) as connection:
        host = url.netloc.rpartition("@")[2]
        headers = {"Host": host, "User-Agent": "Perennial", "Accept-Encoding": "identity"}
        connection.request("GET", target, headers=headers | _whether_newer(known))
        answer = connection.getresponse()
        if answer.status == 304 and known is not None:
            return known._replace(is_unchanged=True)
        if answer.status in REDIRECTS:
            return answer.headers.get("Location", "")
        if answer.status != 200:
            raise NotFetched(f"the server answers {answer.status}")
        content = answer.read(limits.most_bytes + 1)
        if len(content) > limits.most_bytes or (answer.length or 0) > 0:
            raise NotFetched(f"it is longer than {limits.most_bytes:,} bytes, or broke off")
        etag, modified = (answer.headers.get(name) or "" for name in ("ETag", "Last-Modified"))
        return Fetched(content, answer.headers.get_content_type(), etag, modified)


def _whether_newer(known: Fetched | None) -> dict[str, str]:
    if known is None:
        return {}
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in asked.items() if value}


@contextmanager
def _connected(url: SplitResult, host: str, limits: Limits) -> Iterator[http.client.HTTPConnection]:
    """A connection that is cut when the time is over, however slowly the server goes on."""
    port = url.port or PORTS[url.scheme]
    link = socket.create_connection(_address(host, port, limits), limits.all_s)
    if url.scheme == "https":
        link = _tls().wrap_socket(link, server_hostname=host, do_handshake_on_connect=False)
    over = Event()
    timer = Timer(limits.all_s, _cut, (link, over))
    timer.start()
    connection = http.client.HTTPConnection(host, port)
    try:
        if isinstance(link, ssl.SSLSocket):
            link.do_handshake()
        connection.sock = link
        yield connection
        if over.is_set():  # what was cut off may look whole
            raise TimeoutError(f"it took more than {limits.all_s:g} s")
    finally:
        timer.cancel()
        timer.join()
        connection.close()
        link.close()


def _cut(link: socket.socket, over: Event) -> None:
    over.set()
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)


@lru_cache
def _tls() -> ssl.SSLContext:
    """Made once: it reads all certificates."""
    return ssl.create_default_context()


def _address(host: str, port: int, limits: Limits) -> tuple[str, int]:
    """The first address behind a name. Raises NotFetched where any of them is not public."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if host not in limits.hosts:
        if port not in PORTS.values():
            raise NotFetched("only ports 80 and 443 are asked")
        if not all(is_public(ip_address(each)) for each in addresses):
            raise NotFetched(f"{host} is no public address")
    return addresses[0], port
