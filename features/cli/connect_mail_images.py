"""`perennial connect mail-images`: tokens for the customers of a mailing list, and what to paste into it."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from features.cli.options import DEFAULT_HOME, HomeOption, console, existing_home, plain_errors
from features.connections.settings_file import DamagedConnections, save_connection
from features.home import Home
from features.outgoing.mail_blocks import MailBlock, seal
from features.people.names import people_key
from features.store.files import replacing
from features.time_units import DAY_S

FIELD, DAYS = "perennial", 400
SNIPPET = """
Import the file into your mailing tool: its column `{field}` becomes a field of each contact. Then paste
this into an e-mail as HTML, once a slot (1, 2, ...), with the tool's own word for that field:

<a href="{url}/e/TOKEN/1/go?send=NAME"><img src="{url}/e/TOKEN/1.png?send=NAME" width="264" alt="For you"></a>

TOKEN   Brevo {{{{ contact.PERENNIAL }}}}   Mailchimp *|PERENNIAL|*   Klaviyo {{{{ person.perennial }}}}
NAME    a name of this e-mail, like may-news
"""
IdColumn = Annotated[str, typer.Option("--id-column", help="The column with your ids of customers.")]


def mail_images(
    customers: Annotated[Path, typer.Argument(help="A CSV of contacts with your ids of customers.")],
    to: Annotated[Path, typer.Option(help="Where to write the same with the column `perennial`.")],
    url: Annotated[str, typer.Option(help="Where Perennial is reached from outside.")],
    id_column: IdColumn = "customer_id",
    campaign: Annotated[str, typer.Option(help="What the e-mails are for, as of /v1/picks.")] = "newsletter",
    slots: Annotated[int, typer.Option(min=1, max=12, help="Pictures in an e-mail.")] = 4,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Pictures of products in e-mails, chosen when they are opened."""
    until_s = (int(time.time()) // DAY_S + DAYS + 1) * DAY_S
    with plain_errors(DamagedConnections, OSError, ValueError):
        key = people_key(existing_home(home))
        contacts = list(_contacts(customers, id_column))
        for contact in contacts:
            block = MailBlock(contact[id_column].strip(), campaign, "", until_s, slots)
            contact[FIELD] = seal(key, block) if block.customer_id else ""
        _write(to, contacts)
        save_connection(Home(home), "mail-images", {"url": url.rstrip("/")})
    console.print(f"{len(contacts):,} contacts with their tokens are in {to}.")
    console.print(SNIPPET.format(url=url.rstrip("/"), field=FIELD), markup=False, soft_wrap=True)


def _contacts(path: Path, id_column: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV. Raises ValueError where it has no such column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restkey="", restval="")
        if id_column not in (rows.fieldnames or ()):
            raise ValueError(f"{path} has no column {id_column!r}; it has {', '.join(rows.fieldnames or ())}")
        yield from rows


def _write(path: Path, contacts: list[dict[str, str]]) -> None:
    """Raises ValueError where there are none."""
    if not contacts:
        raise ValueError("there are no contacts in this file")
    with replacing(path) as fresh, fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [name for name in contacts[0] if name], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(contacts)
