"""E-mail addresses and telephone numbers as names of customers that tell nobody else anything.

A name is a digest under a secret of the home: whoever finds it cannot try addresses without the secret.
"""

import hashlib
import re
import secrets
import unicodedata
from functools import cached_property

import msgspec

from features.events.nobody import is_nobody
from features.home import Home
from features.store.files import changing, read_whole, write_whole

KEY_FILE, KEY_BYTES, DIGEST_BYTES = "people/key", 32, 12
BY_EMAIL, BY_PHONE = "c-", "p-"
DIGEST = re.compile(rf"(?:{BY_EMAIL}|{BY_PHONE})[0-9a-f]{{{2 * DIGEST_BYTES}}}")
FORMER = re.compile(r"[0-9a-f]{64}")  # SHA-256 of an address, as imports named customers before
SHORTENED = re.compile(rf"(?:{BY_EMAIL}|{BY_PHONE})?[0-9a-f]{{4,64}}")
SHOWN = 8  # characters of a digest
EMAIL = re.compile(r"[^\s@<>\"',;:|()]+@[^\s@<>\"',;:|()]+")
PHONE = re.compile(r"\+?\d[\d\s()/.\-]{5,}\d")
SHORTEST_PHONE, LONGEST_PHONE = 7, 15  # digits
DIALLING_CODES = (
    {"DE": "49", "AT": "43", "CH": "41", "LI": "423", "LU": "352", "FR": "33", "BE": "32", "NL": "31"}
    | {"ES": "34", "PT": "351", "IE": "353", "GB": "44", "UK": "44", "PL": "48", "CZ": "420", "SK": "421"}
    | {"DK": "45", "SE": "46", "NO": "47", "FI": "358", "HU": "36", "RO": "40", "GR": "30", "TR": "90"}
    | {"AU": "61", "NZ": "64", "ZA": "27", "IN": "91", "JP": "81"}
)
"""Of countries where a national number begins with 0, or is written like one abroad."""


class PeopleKey(msgspec.Struct, frozen=True):
    """The secret of a home, and names under it."""

    secret: bytes

    def email(self, address: str | None) -> str | None:
        """The name of whoever has this address; None where it is no address."""
        plain = normalised_email(address)
        return None if plain is None else BY_EMAIL + self._digest(f"email\0{plain}")

    def phone(self, number: str | None, country: str | None = None) -> str | None:
        """The name of whoever has this number; None where it is no number. country: two letters."""
        plain = normalised_phone(number, country)
        return None if plain is None else BY_PHONE + self._digest(f"phone\0{plain}")

    def person(self, name: str | None) -> str | None:
        """The name of whoever is called so, where nothing else is known; None where it names nobody."""
        plain = " ".join((name or "").casefold().split())
        return None if is_nobody(plain) else BY_EMAIL + self._digest(f"name\0{plain}")

    def names_in(self, text: str) -> set[str]:
        """Names of all addresses and numbers in a text."""
        found = [*map(self.email, EMAIL.findall(text)), *map(self.phone, PHONE.findall(text))]
        return {name for name in found if name is not None}

    def _digest(self, text: str) -> str:
        content = text.encode(errors="surrogatepass")
        return hashlib.blake2b(content, digest_size=DIGEST_BYTES, key=self.secret).hexdigest()


class KeptKey:
    """The key of a home, read when it is needed first, and made where there is none."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @cached_property
    def key(self) -> PeopleKey:
        """Raises OSError."""
        return people_key(self._home)


def people_key(home: Home) -> PeopleKey:
    """The home's key; made where it has none. Raises OSError."""
    path = home.root / KEY_FILE
    if kept := read_whole(path):
        return PeopleKey(kept)
    home.make_private()
    with changing(path):
        kept = read_whole(path)
        if not kept:
            kept = secrets.token_bytes(KEY_BYTES)
            write_whole(path, kept, mode=0o600)
    return PeopleKey(kept)


def former_name(address: str | None) -> str | None:
    """What imports of before called whoever has this address."""
    plain = None if address is None else address.strip().lower()
    return hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest() if plain else None


def normalised_email(address: str | None) -> str | None:
    """Lower case, without a name around it; None where it is no address."""
    if address is None:
        return None
    found = EMAIL.search(unicodedata.normalize("NFC", address.replace("mailto:", "")))
    if found is None:
        return None
    plain = found[0].strip(".").lower()
    return None if any(is_nobody(part) for part in plain.split("@")) else plain


def normalised_phone(number: str | None, country: str | None = None) -> str | None:
    """`+` and digits; a national number without a known country keeps its 0. None where it is no number."""
    if number is None:
        return None
    bare = re.sub(r"\(0\)", "", number.strip().lstrip("'"))
    digits = "".join(re.findall(r"[0-9]", bare))
    is_abroad = bare.startswith(("+", "00"))
    digits = digits.removeprefix("00") if not bare.startswith("+") else digits
    if not SHORTEST_PHONE <= len(digits) <= LONGEST_PHONE or not digits.strip("0"):
        return None
    if is_abroad:
        return f"+{digits}"
    code = DIALLING_CODES.get((country or "").strip().upper())
    return f"+{code}{digits.removeprefix('0')}" if code and digits.startswith("0") else digits


def is_digest(name: str) -> bool:
    """Whether we made this name of an address or a number, rather than the shop."""
    return DIGEST.fullmatch(name) is not None or FORMER.fullmatch(name) is not None


def shown(name: str) -> str:
    """A customer's name for people: the shop's own as it is, a digest by its beginning."""
    if DIGEST.fullmatch(name):
        return f"{name[: len(BY_EMAIL) + SHOWN]}…"
    return f"{BY_EMAIL}{name[:SHOWN]}…" if FORMER.fullmatch(name) else name
