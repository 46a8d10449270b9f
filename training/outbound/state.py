"""What a service has been sent: a small database in the home, whole whenever the process ends.

`outbound/<service>.sqlite` holds, for one service: who is who there (no addresses), a digest of the fields
that each customer has there, letters (messages and orders on their way, and dead ones), the orders that are
there or on their way, and erasures still to be done.
Deleted rows are overwritten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from features.home import Home
from features.time_units import DAY_MS

SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (customer_id TEXT PRIMARY KEY, contact TEXT NOT NULL, subscribed INTEGER);
CREATE TABLE IF NOT EXISTS customers
    (customer_id TEXT PRIMARY KEY, contact TEXT NOT NULL, digest BLOB, refused TEXT);
CREATE TABLE IF NOT EXISTS letters
    (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, body BLOB NOT NULL, expires_ms INTEGER NOT NULL,
     next_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, problem TEXT, dead_ms INTEGER);
CREATE TABLE IF NOT EXISTS orders
    (order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, at_ms INTEGER NOT NULL, digest BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS erasures (contact TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS letters_due ON letters (next_ms) WHERE dead_ms IS NULL;
"""
PATIENCE_S = 30.0
PROBLEM_LENGTH = 300
DEAD_KEPT_MS = 30 * DAY_MS
AT_ONCE = 500  # names in one question
OF_CUSTOMERS = ("contacts", "customers", "letters", "orders")
ORDER_LETTER = "order "  # begins the id of a letter about an order
POST = """INSERT INTO letters (id, customer_id, body, expires_ms, next_ms) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, body = excluded.body, tries = 0,
    expires_ms = excluded.expires_ms, next_ms = excluded.next_ms, dead_ms = NULL
    WHERE body != excluded.body"""
UNLIKE_ANY = b"\0"  # a digest that no fields have


class Known(NamedTuple):
    """Somebody at the service. subscribed: there, None: nobody was asked."""

    contact: str
    subscribed: bool | None = None


class Had(NamedTuple):
    """What a customer has there. digest None: nothing of ours; refused: why the service did not take it."""

    contact: str
    digest: bytes | None
    refused: str | None


class Letter(NamedTuple):
    """A message. body: JSON; expires_ms: from then on it is too late; problem: of the last try."""

    id: str
    customer_id: str
    body: bytes
    expires_ms: int
    tries: int = 0
    problem: str | None = None


class SentOrder(NamedTuple):
    """An order that is there, or on its way. at_ms: when it was made; digest: of what is said of it."""

    customer_id: str
    at_ms: int
    digest: bytes


class SentState:
    """One service's. Open and close it in one thread; others, and other processes, may have it open, too."""

    def __init__(self, path: Path | str, content: bytes = b"") -> None:
        """content: of a database in memory."""
        self._db = sqlite3.connect(path, timeout=PATIENCE_S)
        if content:
            self._db.deserialize(content)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(SCHEMA)

    @classmethod
    def of(cls, home: Home, service: str) -> SentState:
        """Raises sqlite3.Error, OSError."""
        path = _file(home, service)
        path.touch(0o600)
        return cls(path)

    def copy(self) -> SentState:
        """The same in memory: what is tried there leaves nothing."""
        return SentState(":memory:", self._db.serialize())

    def close(self) -> None:
        self._db.close()

    def note(self, name: str, value: str) -> None:
        """Keep a text under a name."""
        with self._db:
            self._put(name, value)

    def noted(self, name: str) -> str | None:
        found = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return found and str(found[0])

    def belongs_to(self, account: str, cursor: str) -> None:
        """Begin anew where the account is another than before; with triggers from this cursor on."""
        if self.noted("account") not in {None, account}:
            with self._db:
                for table in (*OF_CUSTOMERS, "erasures", "notes"):
                    self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        with self._db:
            self._put("account", account)
            self._db.execute("INSERT OR IGNORE INTO notes VALUES ('cursor', ?)", (cursor,))

    def learn(self, known: Mapping[str, Known]) -> None:
        """Who is who there, by the name that the customer goes by."""
        rows = [(customer, *each) for customer, each in known.items()]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO contacts VALUES (?, ?, ?)", rows)

    def unlearn(self, customer: str) -> None:
        """The service knows them no more."""
        with self._db:
            for table in ("contacts", "customers", "orders"):
                self._db.execute(f"DELETE FROM {table} WHERE customer_id = ?", (customer,))  # noqa: S608

    def rename(self, names: Mapping[str, str]) -> None:
        """Alias -> the name that the customer goes by now."""
        with self._db:
            self._db.executemany(
                "UPDATE OR IGNORE contacts SET customer_id = ? WHERE customer_id = ?",
                [(customer, alias) for alias, customer in names.items()],
            )

    def known(self, customers: Sequence[str]) -> dict[str, Known]:
        rows = self._of("contact, subscribed", "contacts", customers)
        return {name: Known(at, None if yes is None else bool(yes)) for name, at, yes in rows}

    def had(self, customers: Sequence[str]) -> dict[str, Had]:
        return {
            name: Had(*rest) for name, *rest in self._of("contact, digest, refused", "customers", customers)
        }

    def sent(self, rows: Sequence[tuple[str, Had]]) -> None:
        """What customers have there now; who has nothing has no orders there, either."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO customers VALUES (?, ?, ?, ?)", [(name, *had) for name, had in rows]
            )
            cleared = [(name,) for name, had in rows if had.digest is None]
            self._db.executemany("DELETE FROM orders WHERE customer_id = ?", cleared)

    def forget_digests(self) -> None:
        """So that everybody is sent again."""
        with self._db:
            self._db.execute(
                "UPDATE customers SET digest = ?, refused = NULL WHERE digest IS NOT NULL", (UNLIKE_ANY,)
            )
            self._db.execute("DELETE FROM orders")
            self._db.execute("DELETE FROM notes WHERE name IN ('run', 'ended', 'orders_read')")

    def post(self, letters: Iterable[Letter], cursor: str, now_ms: int) -> None:
        """Letters to send, and up to where triggers were read: both or neither."""
        rows = [(each.id, each.customer_id, each.body, each.expires_ms, now_ms) for each in letters]
        with self._db:
            self._db.executemany(POST, rows)
            self._put("cursor", cursor)

    def post_orders(
        self, letters: Mapping[str, Letter], orders: Mapping[str, SentOrder], now_ms: int
    ) -> None:
        """Letters about orders, by their ids, and what is there once they have arrived: both or neither."""
        rows = [(each.id, each.customer_id, each.body, each.expires_ms, now_ms) for each in letters.values()]
        with self._db:
            self._db.executemany(POST, rows)
            self._db.executemany(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)",
                [(name, *each) for name, each in orders.items()],
            )

    def orders(self) -> dict[str, SentOrder]:
        return {name: SentOrder(*rest) for name, *rest in self._db.execute("SELECT * FROM orders")}

    def withdraw(self, letter: str) -> bool:
        """False: it has gone out already."""
        with self._db:
            self._db.execute("DELETE FROM orders WHERE ? || order_id = ?", (ORDER_LETTER, letter))
            return self._db.execute("DELETE FROM letters WHERE id = ?", (letter,)).rowcount > 0

    def due(self, now_ms: int, limit: int, *, orders: bool = False) -> list[Letter]:
        """Messages, or orders, the longest waiting first."""
        of_kind = f"(substr(id, 1, {len(ORDER_LETTER)}) = '{ORDER_LETTER}') = {orders:d}"
        due = f"{of_kind} AND dead_ms IS NULL AND next_ms <= ? ORDER BY next_ms, rowid LIMIT ?"
        return self._letters(due, now_ms, limit)

    def dead(self) -> list[Letter]:
        """Letters that did not go out and are not tried any more, the newest first."""
        return self._letters("dead_ms IS NOT NULL ORDER BY dead_ms DESC")

    def waiting(self) -> int:
        (number,) = self._db.execute("SELECT count(*) FROM letters WHERE dead_ms IS NULL").fetchone()
        return int(number)

    def refused(self) -> dict[str, str]:
        """Customers whose fields the service did not take, and why."""
        return dict(self._db.execute("SELECT customer_id, refused FROM customers WHERE refused IS NOT NULL"))

    def delivered(self, letter: Letter, contact: str) -> None:
        """It has arrived; and the service knows something of the customer, to be erased one day."""
        with self._db:
            self._db.execute("DELETE FROM letters WHERE id = ?", (letter.id,))
            self._db.execute(
                "INSERT OR IGNORE INTO customers VALUES (?, ?, NULL, NULL)", (letter.customer_id, contact)
            )

    def postpone(self, letter: str, next_ms: int, problem: str, *, is_try: bool = True) -> None:
        values = (next_ms, problem[:PROBLEM_LENGTH], is_try, letter)
        with self._db:
            self._db.execute(
                "UPDATE letters SET next_ms = ?, problem = ?, tries = tries + ? WHERE id = ?", values
            )

    def bury(self, letter: str, now_ms: int, problem: str) -> None:
        """Try no more; and drop those that have been dead for long."""
        with self._db:
            self._db.execute(
                "UPDATE letters SET dead_ms = ?, problem = ? WHERE id = ?",
                (now_ms, problem[:PROBLEM_LENGTH], letter),
            )
            self._db.execute("DELETE FROM letters WHERE dead_ms < ?", (now_ms - DEAD_KEPT_MS,))

    def revive(self, now_ms: int, until_ms: int) -> int:
        """Try dead letters again, until then at least, and customers that were refused; returns how many."""
        with self._db:
            letters = self._db.execute(
                "UPDATE letters SET dead_ms = NULL, tries = 0, next_ms = ?, expires_ms = max(expires_ms, ?)"
                " WHERE dead_ms IS NOT NULL",
                (now_ms, until_ms),
            ).rowcount
            customers = self._db.execute(
                "UPDATE customers SET digest = ?, refused = NULL WHERE refused IS NOT NULL", (UNLIKE_ANY,)
            ).rowcount
            self._db.execute("DELETE FROM notes WHERE name = 'ended'")
        return letters + customers

    def erasures(self) -> list[str]:
        """Contacts to be deleted at the service."""
        return [contact for (contact,) in self._db.execute("SELECT contact FROM erasures")]

    def erased(self, contact: str) -> None:
        with self._db:
            self._db.execute("DELETE FROM erasures WHERE contact = ?", (contact,))

    def names(self) -> list[str]:
        """All names of customers in it."""
        asked = " UNION ".join(f"SELECT customer_id FROM {table}" for table in OF_CUSTOMERS)  # noqa: S608
        return [name for (name,) in self._db.execute(asked)]

    def forget(self, customers: Sequence[str]) -> None:
        """Nothing of them is kept but the service's own id, until they are erased there, too."""
        rows = [(name,) for name in customers]
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO erasures SELECT contact FROM customers WHERE customer_id = ?", rows
            )
            for table in OF_CUSTOMERS:
                self._db.executemany(f"DELETE FROM {table} WHERE customer_id = ?", rows)  # noqa: S608

    def _put(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def _of(self, columns: str, table: str, customers: Sequence[str]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(customers), AT_ONCE):
            names = customers[start : start + AT_ONCE]
            marks = ", ".join("?" * len(names))
            asked = f"SELECT customer_id, {columns} FROM {table} WHERE customer_id IN ({marks})"  # noqa: S608
            rows += self._db.execute(asked, names)
        return rows

    def _letters(self, where: str, *values: int) -> list[Letter]:
        asked = f"SELECT id, customer_id, body, expires_ms, tries, problem FROM letters WHERE {where}"  # noqa: S608
        return [Letter(*row) for row in self._db.execute(asked, values)]


def _file(home: Home, service: str) -> Path:
    home.make_private()
    folder = home.root / "outbound"
    folder.mkdir(0o700, exist_ok=True)
    return folder / f"{service}.sqlite"
