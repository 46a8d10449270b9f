"""Ids that name nobody: what pages and plug-ins write where they know no customer."""

import re

WORDS = (
    frozenset({"undefined", "null", "none", "nil", "nan", "void", "empty", "n/a", "na", "false", "nobody"})
    | {"guest", "guests", "guest user", "guest customer", "guest checkout", "guest_user", "guestuser"}
    | {
        "anonymous",
        "anonymous user",
        "anon",
        "unknown",
        "unknown user",
        "visitor",
        "not set",
        "not available",
    }
    | {"not logged in", "not_logged_in", "notloggedin", "logged out", "no customer", "no user"}
    | {"gast", "anonym", "unbekannt", "invité", "invite", "anonyme", "inconnu", "invitado", "anónimo"}
    | {"ospite", "anonimo", "sconosciuto", "gość", "convidado", "gæst", "gäst", "gjest", "vieras"}
)
"""Without case, brackets and quotes."""
AROUND = " \t\r\n\xa0\ufeff\u200b\"'`()<>{}[]"
MARKS = re.compile(r"[{\[%<*|]")
UNRENDERED = re.compile(
    r"\{\{.*\}\}|\{%.*%\}|[$#@]\{.*\}|<[%?].*|\*\|.*\|\*|%%.+%%|\[\[.+\]\]"  # Liquid, JS, ERB, Mailchimp
    r"|\{[\w .:-]*(?:id|customer|user|client|e-?mail|member|contact|visitor|name)[\w .:-]*\}"
    r"|%[A-Za-z][\w.]*%|\[%.*%\]|\[object\b.*|\[[\w ]*(?:customer|user|guest)[\w .]*\]",
    re.IGNORECASE | re.DOTALL,
)
ZERO = re.compile(r"0+(?:[.,]0+)?|0{8}(?:-0{4}){3}-0{12}")
DIGITS = frozenset("123456789")
A_NUMBER_IN_IT = re.compile(r"[^{}%<>*\[\]|$#]*[1-9]").match
"""Whether there is a digit but 0, and no mark of a placeholder before it: no word for nobody has one."""
PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~–—\xa0\u200b\ufeff]*")


def is_nobody(name: str) -> bool:
    """Whether an id of a customer, a browser or a visit is none: blank, zeros, a word for nobody, or a
    placeholder that was never filled in."""
    # Most ids begin or end with a digit, or have one: that is seen in a tenth of a microsecond.
    if name[-1:] in DIGITS or name[:1] in DIGITS or A_NUMBER_IN_IT(name):
        return False
    if name.isalnum():
        return name.lower() in WORDS or not name.strip("0")
    if MARKS.search(name) and UNRENDERED.fullmatch(name.strip()):
        return True
    bare = name.strip(AROUND).casefold()
    return bare in WORDS or ZERO.fullmatch(bare) is not None or PUNCTUATION.fullmatch(bare) is not None


def somebody(name: str | None) -> str | None:
    """The id; None where it names nobody."""
    return None if name is None or is_nobody(name) else name


def nobodies(customer: str | None, browser: str | None, visit: str | None) -> tuple[str, ...]:
    """Those of an event's ids that name nobody, as `field=id`."""
    if not (
        (customer is not None and is_nobody(customer))
        or (browser is not None and is_nobody(browser))
        or (visit is not None and is_nobody(visit))
    ):
        return ()
    ids = {"customer_id": customer, "anonymous_id": browser, "session_id": visit}
    return tuple([f"{field}={name}" for field, name in ids.items() if name is not None and is_nobody(name)])
