"""What is to be known of a request before anybody parses it: where its head ends, how long its body is."""

from math import inf

HEAD_END, LENGTH, CODING = b"\r\n\r\n", b"\ncontent-length:", b"\ntransfer-encoding:"
PROBES = (b"GET /healthz ", b"GET /readyz ")  # a busy process is alive


def body_length(head: bytes) -> float:
    """Bytes of body that a request's head announces; infinite where it does not say, or not clearly."""
    if head.startswith(b"GET ") and b"ontent-" not in head and b"ransfer-" not in head:
        return 0.0  # at a fifth of the price; a body that is announced in capitals runs into a limit
    lower = head.lower()
    if CODING in lower:
        return inf
    _, announced, rest = lower.partition(LENGTH)
    if not announced:
        return 0.0
    digits = rest.partition(b"\r")[0].strip(b" \t")
    return float(digits) if digits.isdigit() and LENGTH not in rest else inf
