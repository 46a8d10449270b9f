"""Which columns of a file say who may be written to, and what their cells say."""

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import polars as pl

from features.events.consents import ADVERTISING, is_yes
from features.importers.lines import plain
from features.importers.values import TIME, read_times

WORDS = (
    r"marketing|marketingconsent|consent|optin|doubleoptin|subscribed|subscriber|subscription|permission|allowed"
    r"|accepted|agreed|einwilligung|zustimmung|erlaubnis|abonniert|angemeldet|anmeldung|consentement|inscription"
    r"|inscrit|abonne|consentimiento|suscrito|suscripcion|consenso|iscritto|iscrizione|toestemming|aangemeld"
    r"|inschrijving|zgoda|zapisany|consentimento|inscrito"
)
ASKED = r"(?:accepts?|allows?|is|has|in|to|agrees?to|agreed?to|optin|optinto|subscribedto|consent|marketing)"
STATE = r"(?:status|state|level|given|flag)"
CHANNELS: dict[str, str] = {
    "email": r"e?mails?|newsletters?|newsletteremail",
    "sms": r"sms|textmessages?|mobile",
    "whatsapp": r"whatsapp",
    "push": r"push|pushnotifications?|webpush",
    "phone": r"phone|calls?|telephone|telefon",
    "post": r"post|postal|directmail|letters?",
    ADVERTISING: r"advertising|advertisements?|ads|aduserdata|customaudiences?",
}
BARE_ADVERTISING = frozenset({"advertising", "aduserdata"})
WITHOUT_CHANNEL = frozenset(
    {"acceptsmarketing", "acceptmarketing", "marketingconsent", "marketingoptin", "optinmarketing", "optin"}
    | {
        "doubleoptin",
        "subscribed",
        "issubscribed",
        "subscriptionstatus",
        "subscriberstatus",
        "marketingallowed",
    }
    | {"marketingpermission", "marketingpermissions", "marketingstatus", "werbeeinwilligung", "werbung"}
    | {"newsletter", "newsletters", "isnewsletter", "newsletterstatus", "consentementmarketing"}
)
"""Headers that mean e-mail without saying so."""
DENIALS = (
    r"unsubscribed?|optout|optedout|hasoptedout|blacklisted|blocklisted|blacklist|blocklist|suppressed"
    r"|suppressions?|donot|donotcontact|no|nomarketing|abgemeldet|desinscrit|abbestellt"
)
STATES = frozenset({"status", "memberstatus", "state", "emailstatus"})
SUBSCRIBING = re.compile(r"subscri|opt.?(?:in|out)|abonn", re.IGNORECASE)
TIMES = re.compile(r".*(?:consent|optin|confirm|subscri\w*).*(?:time|timestamp|date|datetime|at|on)")
NOTHING = frozenset({"", "[]", "{}", "null", "none", "nan", "n/a", "-", "unknown", "not set"})
NOT_DENIED = frozenset(
    {"0", "0.0", "false", "f", "no", "n", "never", "nein", "non", "nee", "nie", "não", "falsch", "faux"}
)
"""In a column of those who unsubscribed: this one did not, which is no consent yet."""
EXAMPLES = 3
COLUMNS = {
    "row": pl.UInt32(),
    "customer_id": pl.String(),
    "channel": pl.String(),
    "given": pl.Boolean(),
    "at": TIME,
}


class ConsentColumn(NamedTuple):
    """denies: a yes in it is a no to messages, and a no says nothing."""

    header: str
    channel: str
    denies: bool


class Consents(NamedTuple):
    """columns: those found; words: COLUMNS, the last of each customer and channel; refused: row and answer of
    cells that are neither yes nor no."""

    columns: list[ConsentColumn]
    words: pl.DataFrame
    refused: pl.DataFrame

    def unknown_to(self, event_ids: pl.Series) -> "Consents":
        """Without words that are among these events."""
        ids = consent_rows(self.words)["event_id"]
        return self._replace(words=self.words.filter(~ids.is_in(event_ids.implode())))

    def warnings(self) -> list[str]:
        """What was not understood."""
        if self.refused.is_empty():
            return []
        answers = ", ".join(map(repr, self.refused["answer"].unique().sort().head(EXAMPLES)))
        return [
            f"{self.refused.height:,} answers about consent are neither yes nor no ({answers}): they were "
            "not taken as either"
        ]


NO_CONSENTS = Consents(
    [], pl.DataFrame(schema=COLUMNS), pl.DataFrame(schema={"row": pl.UInt32, "answer": pl.String})
)


def consent_columns(cells: pl.DataFrame) -> list[ConsentColumn]:
    """The columns that say so, by header; a plain status only where its words are about subscribing."""
    found = [column for header in cells.columns if (column := _of_header(header))]
    states = [header for header in cells.columns if plain(header) in STATES]
    if not any(column.channel == "email" for column in found):
        found += [
            ConsentColumn(header, "email", False)
            for header in states
            if cells[header].cast(pl.String).str.contains(f"(?i){SUBSCRIBING.pattern}").any()
        ]
    return found


def time_of_consent(cells: pl.DataFrame) -> pl.Series | None:
    """When each row's consent was given, where a column says so."""
    header = next((header for header in cells.columns if TIMES.fullmatch(plain(header))), None)
    return None if header is None else read_times(cells[header].cast(pl.String)).values


def read_consents(cells: pl.DataFrame, who: pl.DataFrame, columns: list[ConsentColumn]) -> Consents:
    """What the cells say of the customers in `who` (row, customer_id, at: when; each row once)."""
    said, refused = (
        [pl.DataFrame(schema=COLUMNS)],
        [pl.DataFrame(schema={"row": pl.UInt32, "answer": pl.String})],
    )
    for column in columns:
        answers = cells[column.header].cast(pl.String).str.strip_chars()
        meant = {answer: _meaning(answer, denies=column.denies) for answer in answers.drop_nulls().unique()}
        named = who.with_columns(answer=answers.gather(who["row"])).filter(pl.col("answer").is_not_null())
        odd = [answer for answer, meaning in meant.items() if meaning == "odd"]
        plain_words = {
            answer: meaning == "yes" for answer, meaning in meant.items() if meaning in {"yes", "no"}
        }
        given = pl.col("answer").replace_strict(plain_words, default=None, return_dtype=pl.Boolean)
        words = named.with_columns(given=given, channel=pl.lit(column.channel)).drop_nulls("given")
        said.append(words.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items()))
        refused.append(named.filter(pl.col("answer").is_in(odd)).select("row", "answer"))
    return Consents(columns, last_words(pl.concat(said)), pl.concat(refused))


def last_words(words: pl.DataFrame) -> pl.DataFrame:
    """The newest word of each customer and channel; of two at one time the no."""
    newest = words.drop_nulls(["customer_id", "at"]).sort("at", "given", descending=[False, True])
    return newest.unique(["customer_id", "channel"], keep="last", maintain_order=True)


def consent_rows(words: pl.DataFrame) -> pl.DataFrame:
    """Rows of the history, but for source and time of arrival."""
    rows = [
        {
            "event_id": _event_id(customer, channel, given, at),
            "line": 0,
            "type": "consent",
            "timestamp": at,
            "customer_id": customer,
            "extra": msgspec.json.encode({"properties": {channel: given}}).decode(),
        }
        for customer, channel, given, at in words.select("customer_id", "channel", "given", "at").iter_rows()
    ]
    schema: dict[str, Any] = {"event_id": pl.String, "line": pl.Int32, "type": pl.String, "timestamp": TIME}
    return pl.DataFrame(rows, schema={**schema, "customer_id": pl.String, "extra": pl.String})


def _event_id(customer: str, channel: str, given: bool, at: datetime) -> str:
    """The same word of a file that is imported twice is one event."""
    text = f"{customer}\0{channel}\0{given}\0{at.isoformat()}"
    return f"consent:{blake2b(text.encode(errors='surrogatepass'), digest_size=12).hexdigest()}"


def _of_header(header: str) -> ConsentColumn | None:
    name = plain(header)
    if name in WITHOUT_CHANNEL:
        return ConsentColumn(header, "email", False)
    if name in BARE_ADVERTISING:
        return ConsentColumn(header, ADVERTISING, False)
    if re.fullmatch(rf"(?:is|has)?(?:{DENIALS})", name) and name not in {"no", "donot"}:
        return ConsentColumn(header, "email", True)
    for channel, words in CHANNELS.items():
        if re.fullmatch(
            rf"(?:{words})(?:marketing|is|has)?(?:{DENIALS})|(?:{DENIALS})(?:{words}|of(?:{words}))", name
        ):
            return ConsentColumn(header, channel, True)
        asked = rf"(?:{ASKED})+(?:{words})(?:{WORDS})?(?:{STATE})?"
        if re.fullmatch(rf"{asked}|(?:{words})(?:{WORDS})+(?:{STATE})?|(?:{WORDS})(?:{words})", name):
            return ConsentColumn(header, channel, False)
    return None


def _meaning(answer: str, *, denies: bool) -> str:
    """yes, no, nothing, or odd: it cannot be understood."""
    if answer.lower() in NOTHING:
        return "nothing"
    if denies:
        return "nothing" if answer.lower() in NOT_DENIED else "no"
    meant = is_yes(answer)
    return "odd" if meant is None else "yes" if meant else "no"
