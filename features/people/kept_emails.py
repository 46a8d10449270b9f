"""E-mail addresses, encrypted, in a home whose owner wants to know customers by them; else there are none.

`people/emails.key` is the key, and that it is there says that addresses are kept. `people/emails.sqlite` has,
by the name that its digest gives it, each address under AES-256-GCM (NIST SP 800-38D), and the name that its
customer goes by now. Deleted rows are overwritten.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

from features.home import Home
from features.people.names import normalised_email
from features.store.files import changing, read_whole, write_whole

KEY_FILE, TABLE_FILE = "people/emails.key", "people/emails.sqlite"
KEY_BYTES, NONCE_BYTES = 32, 12
SCHEMA = """
CREATE TABLE IF NOT EXISTS emails (name TEXT PRIMARY KEY, customer_id TEXT NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS emails_of_customers ON emails (customer_id);
"""
PATIENCE_S = 30.0


class EmailSeal:
    """Hides addresses under the key of a home, each bound to its name, and shows them again."""

    def __init__(self, secret: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(secret)

    def sealed(self, name: str, address: str) -> bytes:
        """What may be stored of an address."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = (normalised_email(address) or address).encode(errors="surrogatepass")
        return nonce + self._cipher.encrypt(nonce, plain, name.encode())

    def opened(self, name: str, sealed: bytes) -> str | None:
        """The address; None where another key hid it."""
        from cryptography.exceptions import InvalidTag

        try:
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None
        return plain.decode(errors="surrogatepass")


def email_seal(home: Home) -> EmailSeal | None:
    """None: this home keeps no addresses. Raises OSError."""
    secret = read_whole(home.root / KEY_FILE)
    return EmailSeal(secret) if secret else None


def begin_keeping(home: Home) -> bool:
    """Keep addresses from now on; whether that is new. Raises OSError."""
    home.make_private()
    path = home.root / KEY_FILE
    with changing(path):
        if read_whole(path):
            return False
        write_whole(path, secrets.token_bytes(KEY_BYTES), mode=0o600)
    return True


def end_keeping(home: Home) -> bool:
    """Forget the key and every address; whether any were kept. Raises OSError."""
    was_kept = (home.root / KEY_FILE).exists()
    for name in (KEY_FILE, TABLE_FILE, f"{TABLE_FILE}-journal"):
        (home.root / name).unlink(missing_ok=True)
    return was_kept


def put_emails(home: Home, rows: Iterable[tuple[str, str, bytes]]) -> None:
    """Keep name, customer and sealed address. Raises sqlite3.Error, OSError."""
    with _opened(home) as table, table:
        table.executemany("INSERT OR REPLACE INTO emails VALUES (?, ?, ?)", rows)


def emails_of(home: Home, customers: Iterable[str] | None = None) -> dict[str, str]:
    """Customer -> their addresses, `, ` between them: of these, or of all; empty where none are kept.

    Raises sqlite3.Error, OSError.
    """
    seal = email_seal(home)
    if seal is None or not (home.root / TABLE_FILE).exists():
        return {}
    found: dict[str, list[str]] = {}
    with _opened(home) as table:
        for name, customer, sealed in _rows(table, customers):
            if address := seal.opened(name, sealed):
                found.setdefault(customer, []).append(address)
    return {customer: ", ".join(sorted(addresses)) for customer, addresses in found.items()}


def _rows(table: sqlite3.Connection, customers: Iterable[str] | None) -> Iterator[tuple[str, str, bytes]]:
    if customers is None:
        yield from table.execute("SELECT name, customer_id, sealed FROM emails")
    for customer in customers or ():
        yield from table.execute("SELECT * FROM emails WHERE customer_id = ?", (customer,))


def follow_owners(home: Home, owners: Mapping[str, str]) -> None:
    """Let each address be its customer's as names are linked now. owners: a name -> its customer.

    Raises sqlite3.Error, OSError.
    """
    if not (home.root / TABLE_FILE).exists():
        return
    with _opened(home) as table, table:
        known = table.execute("SELECT name, customer_id FROM emails").fetchall()
        moved = [(owner, name) for name, before in known if (owner := owners.get(name, name)) != before]
        table.executemany("UPDATE emails SET customer_id = ? WHERE name = ?", moved)


def remove_emails(home: Home, names: Iterable[str]) -> None:
    """Forget the addresses of these names. Raises sqlite3.Error, OSError."""
    if (home.root / TABLE_FILE).exists():
        with _opened(home) as table, table:
            table.executemany("DELETE FROM emails WHERE name = ?", ((name,) for name in names))


@contextmanager
def _opened(home: Home) -> Iterator[sqlite3.Connection]:
    path = home.root / TABLE_FILE
    path.touch(0o600)
    with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as table:
        table.execute("PRAGMA secure_delete = ON")
        table.executescript(SCHEMA)
        yield table
