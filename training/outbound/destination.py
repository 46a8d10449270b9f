"""What a service that takes customers and messages must do, and how it says that it cannot."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from features.connections.patience import Busy
from training.outbound.fields import CustomerFields

ORDER = "order"  # the kind of message whose data is `OrderData`


class Contact(NamedTuple):
    """A person as the service knows them. id: the service's own; external_id: the shop's, where it was told;
    email: passes through memory, kept nowhere; subscribed: to its newsletters, None: nobody was asked."""

    id: str
    external_id: str | None
    email: str | None
    subscribed: bool | None


class Update(NamedTuple):
    """What a contact's fields shall be. fields None: none of ours, take out what was sent before."""

    customer_id: str
    contact: str
    fields: CustomerFields | None


class Message(NamedTuple):
    """A due trigger, word that an earlier one is off, or an order (`OrderData`). data: a JSON object; id:
    the same at each try."""

    id: str
    kind: str
    customer_id: str
    contact: str
    at: datetime
    data: Mapping[str, Any]


class OrderLine(msgspec.Struct, frozen=True):
    """price: of a unit, before the order's discount."""

    product_id: str
    title: str
    quantity: float
    price: float


class OrderData(msgspec.Struct, frozen=True):
    """An order net of what went back. lines: none of one of which nothing is left; total: of the goods, after
    the discount, which is not in their prices."""

    order_id: str
    currency: str = ""
    total: float = 0.0
    discount: float = 0.0
    lines: tuple[OrderLine, ...] = ()


class NotTaken(Exception):
    """A service did not take something."""


class Refused(NotTaken):
    """The service will never take this one; the text says why. is_missing: it knows of no such contact."""

    def __init__(self, problem: str, *, is_missing: bool = False) -> None:
        super().__init__(problem)
        self.is_missing = is_missing


class Unavailable(Busy, NotTaken):
    """The service takes nothing just now."""


class NotAllowed(NotTaken):
    """The service takes nothing from us until somebody acts; the text says what to do."""


class Destination(Protocol):
    """A service. Every method may raise Unavailable and NotAllowed.

    batch: customers that one `update` takes at most; keeps_contacts: it goes by ids of its own, which
    `people` tells; otherwise by the shop's, and everybody is known there; takes_orders: it is told of orders.
    """

    batch: int
    keeps_contacts: bool
    takes_orders: bool

    def prepare(self) -> str:
        """Make the fields that the service must know beforehand; returns the account's name."""

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        """All contacts, or those changed since then, page by page."""

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:
        """Set contacts' fields; returns customer -> why it was refused. Doing it again changes nothing.

        run: names this run through all customers, the same where it goes on after a restart.
        """

    def tell(self, message: Message) -> None:
        """Raises Refused. Told again, it counts once where the service can tell by its id."""

    def erase(self, contact: str) -> None:
        """Delete a contact and all that is known of it. Raises Refused where there is none."""

    def close(self) -> None:
        """Let go of connections."""
