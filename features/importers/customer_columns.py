"""Which columns of a customers' export say who somebody is, and what a mail tool's list says as such."""

import re

import polars as pl

from features.importers.ad_hashes import HASH_HEADERS
from features.importers.consent_columns import COLUMNS, NO_CONSENTS, Consents
from features.importers.lines import Format, plain
from features.importers.mapping import given_columns
from features.importers.refusal import ImportRefused
from features.importers.table import FileTable
from features.importers.values import TIME, read_times

CUSTOMERS = "customers"
MAIL_TOOLS = frozenset(
    {"klaviyoid", "leid", "euid", "optintime", "confirmtime", "memberrating", "addedtime", "modifiedtime"}
    | {
        "emailblacklisted",
        "emailblocklisted",
        "smsblacklisted",
        "contactid",
        "subscriberid",
        "listid",
        "initialsource",
    }
)
"""Headers of mail tools, whose own ids of contacts are not the shop's."""
SHOP_IDS = (
    *("Customer ID", "customer_id", "shop customer id", "Customer Number", "Customer No", "id_customer"),
    *("External ID", "external_id", "EXT_ID", "User ID", "user_id", "Kundennummer", "Kunden-ID", "Kundennr"),
    *("numéro client", "id client", "id cliente", "código cliente", "klantnummer", "entity_id"),
)
OWN_IDS = ("id", "customer", "Nr", "number")
EMAILS = (
    *("Email", "E-Mail", "Email Address", "email_address", "E-Mail-Adresse", "user_email", "billing_email"),
    *("Customer Email", "adresse e-mail", "courriel", "correo", "correo electrónico", "e-mailadres"),
    *("Subscriber", "Adres e-mail", "indirizzo email", "Mail", "contact email"),
)
PHONES = (
    *(
        "Phone",
        "Phone Number",
        "phone_number",
        "Telephone",
        "billing_phone",
        "Mobile",
        "Mobile Phone",
        "Handy",
    ),
    *(
        "Telefon",
        "Telefonnummer",
        "téléphone",
        "teléfono",
        "telefono",
        "telefoonnummer",
        "Default Address Phone",
    ),
    *("SMS Phone Number", "WHATSAPP"),
)
COUNTRIES = (
    *("Country Code", "Default Address Country Code", "billing_country", "country_code", "Country / Region"),
    *("Country", "Land", "CC"),
)
NAMES = ("customer_id", "email", "email_sha256", "phone", "country")


def looks_like_customers(cells: pl.DataFrame) -> float:
    """1 where customers are named, else 0."""
    return _format(cells, ()).share(cells)


def customer_format(table: FileTable, maps: tuple[str, ...]) -> Format:
    """The columns that name customers; `maps` (`our name=header`) overrule. Raises ImportRefused."""
    chosen = _format(table.cells, maps)
    if chosen.missing(table.cells):
        found = ", ".join(table.cells.columns[:40])
        raise ImportRefused(
            "A file of customers needs a column with the shop's customer ids or one with e-mail addresses. "
            f"Found: {found}. Say which: perennial import customers FILE --map email=COLUMN "
            "--map customer_id=COLUMN"
        )
    return chosen


def _format(cells: pl.DataFrame, maps: tuple[str, ...]) -> Format:
    headers = {plain(header) for header in cells.columns}
    own = () if headers & MAIL_TOOLS else OWN_IDS
    phones = (*PHONES, "SMS") if headers & MAIL_TOOLS else PHONES
    columns = {"customer_id": (*SHOP_IDS, *own), "email": EMAILS, "phone": phones, "country": COUNTRIES}
    columns |= {"email_sha256": HASH_HEADERS}
    given = given_columns(maps, cells.columns, NAMES)
    columns |= {name: (header,) for name, header in given.items()}
    return Format(CUSTOMERS, columns, ("customer_id|email",), read=lambda rows: rows)


def members_of_list(cells: pl.DataFrame, who: pl.DataFrame, name: str) -> Consents:
    """What Mailchimp's files say without a column about consent: by their name (`subscribed_...`,
    `unsubscribed_...`, `cleaned_...`), and by when somebody left or was removed."""
    times = {plain(header): header for header in cells.columns}
    left = [times[each] for each in ("unsubtime", "cleantime") if each in times]
    came = [times[each] for each in ("confirmtime", "optintime") if each in times]
    if not left and not came:
        return NO_CONSENTS
    is_left = _any_filled(cells, left)
    if re.match(r"(unsubscribed|cleaned|non-?subscribed|archived)", name.lower()):
        is_left = pl.Series([True] * cells.height, dtype=pl.Boolean)
    joined = _first_time(cells, came)
    words = who.with_columns(
        is_left=is_left.gather(who["row"]), joined=joined.gather(who["row"]), channel=pl.lit("email")
    ).filter(pl.col("is_left") | pl.col("joined").is_not_null())
    said = words.with_columns(
        given=~pl.col("is_left"),
        at=pl.when("is_left").then("at").otherwise(pl.min_horizontal("joined", "at")),
    )
    kept = said.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
    return NO_CONSENTS._replace(words=kept)


def _any_filled(cells: pl.DataFrame, headers: list[str]) -> pl.Series:
    if not headers:
        return pl.Series([False] * cells.height, dtype=pl.Boolean)
    filled = (pl.col(headers).cast(pl.String).str.strip_chars() != "").fill_null(value=False)
    return cells.select(pl.any_horizontal(filled)).to_series()


def _first_time(cells: pl.DataFrame, headers: list[str]) -> pl.Series:
    """Of each row, the first of these times that it has."""
    times = [read_times(cells[header].cast(pl.String)).values for header in headers]
    if not times:
        return pl.Series([None] * cells.height, dtype=TIME)
    return pl.select(pl.coalesce(pl.lit(each) for each in times)).to_series()
