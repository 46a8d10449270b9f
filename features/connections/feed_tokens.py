"""Who may read a feed by its address alone: whoever has the token in it, which opens no other.

The tokens follow from one secret in connections.json; a new secret shuts all addresses of before.
"""

import hashlib
import hmac
import secrets

from features.connections.settings_file import DamagedConnections, Settings, read_connections, save_connection
from features.home import Home

SERVICE = "feeds"
SECRET_BYTES, TOKEN_BYTES = 32, 24
RENEW = "The secret of the feeds is damaged: `perennial connect feeds --renew` makes a new one."


def feed_secret(home: Home, *, renew: bool = False) -> bytes:
    """The home's secret, made where there is none. Raises OSError, DamagedConnections."""
    kept = read_connections(home).get(SERVICE)
    if kept is None or renew:
        kept = {"secret": secrets.token_hex(SECRET_BYTES)}
        save_connection(home, SERVICE, kept)
    return _secret_of(kept)


def feed_token(secret: bytes, feed: str) -> str:
    """feed: its file name, like `meta.csv`."""
    return hashlib.blake2b(feed.encode(), digest_size=TOKEN_BYTES, key=secret, person=b"feed").hexdigest()


def opens(home: Home, token: str, feed: str) -> bool:
    """Whether a token is the feed's. Raises OSError, DamagedConnections."""
    kept = read_connections(home).get(SERVICE)
    if kept is None:
        return False
    wanted = feed_token(_secret_of(kept), feed)
    return hmac.compare_digest(wanted.encode(), token.encode(errors="replace"))


def _secret_of(settings: Settings) -> bytes:
    try:
        secret = bytes.fromhex(settings["secret"])
    except (KeyError, ValueError) as error:
        raise DamagedConnections(RENEW) from error
    if len(secret) != SECRET_BYTES:
        raise DamagedConnections(RENEW)
    return secret
