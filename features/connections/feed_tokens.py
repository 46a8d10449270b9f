"""Who may read a feed by its address alone: whoever has the token in it, which opens no other.

The tokens follow from one secret in connections.json; a new secret shuts all addresses of before.
"""

import hashlib
import hmac
import secrets

from features.connections.settings_file import read_connections, save_connection
from features.home import Home

SERVICE = "feeds"
SECRET_BYTES, TOKEN_BYTES = 32, 24


def feed_secret(home: Home, *, renew: bool = False) -> bytes:
    """The home's secret, made where there is none. Raises OSError, DamagedConnections."""
    kept = read_connections(home).get(SERVICE)
    if kept is None or renew:
        kept = {"secret": secrets.token_hex(SECRET_BYTES)}
        save_connection(home, SERVICE, kept)
    return bytes.fromhex(str(kept["secret"]))


def feed_token(secret: bytes, feed: str) -> str:
    """feed: its file name, like `meta.csv`."""
    return hashlib.blake2b(feed.encode(), digest_size=TOKEN_BYTES, key=secret, person=b"feed").hexdigest()


def opens(home: Home, token: str, feed: str) -> bool:
    """Whether a token is the feed's. Raises OSError, DamagedConnections."""
    kept = read_connections(home).get(SERVICE)
    if kept is None:
        return False
    wanted = feed_token(bytes.fromhex(str(kept["secret"])), feed)
    return hmac.compare_digest(wanted.encode(), token.encode(errors="replace"))
