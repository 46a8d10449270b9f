"""Who calls: from where, and under which of our names."""

from collections.abc import Collection
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

from api.web.settings import ApiSettings

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
SHARED_IPV6_BITS = 64  # one household or server has so many addresses


def address_of(request: Request) -> str:
    """The caller's address, as a trusted proxy gives it; of IPv6 its network, which one caller has whole."""
    host = _client(request)
    if ":" not in host:
        return host
    try:
        return str(ip_network((IPv6Address(host.partition("%")[0]), SHARED_IPV6_BITS), strict=False))
    except ValueError:
        return host


def is_this_machine(request: Request) -> bool:
    """Whether a program on this machine calls, under this machine's name, and not a proxy for somebody."""
    if not is_loopback(_client(request)) or not is_own_name(request, ()):
        return False
    return not any(name in FORWARDED for name, _ in request.scope["headers"])


def is_operator(request: Request, settings: ApiSettings) -> bool:
    """Whether the caller may see how the service runs without a key."""
    if is_this_machine(request):
        return True
    try:
        address = ip_address(_client(request))
    except ValueError:
        return False
    return any(address in ip_network(network, strict=False) for network in settings.operators)


def is_own_name(request: Request, names: Collection[str]) -> bool:
    """Whether the request is for this machine's name, or one of `names`: a page elsewhere that lets its own
    name lead here (DNS rebinding) sends that name."""
    sent = [value for name, value in request.scope["headers"] if name == b"host"]
    if len(sent) != 1:
        return not sent and request.scope.get("http_version") == "1.0"
    host = _without_port(sent[0].decode("latin-1").lower())
    return host in LOOPBACK_NAMES or host in names


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _client(request: Request) -> str:
    return str((request.scope.get("client") or ("",))[0])


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
