"""Columns of a table that is in no format known by name: given, remembered, guessed, or asked for."""

import difflib
import json
import shlex
import tomllib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import polars as pl

from features.home import Home
from features.importers.date_texts import KNOWN
from features.importers.guesses import IN_WORDS, NEEDS, Guess, missing_needs
from features.importers.lines import Format, plain
from features.importers.looks import header_is_data
from features.importers.order_lines import MAPPABLE, order_lines
from features.importers.refusal import ImportRefused
from features.store.files import write_whole

MAPPED = "mapped"
Ask = Callable[[pl.DataFrame, Guess], Mapping[str, str] | None]
"""Shows a guess to whoever imports: the columns that they want, or None where nobody can be asked."""
NO_HEADER = "The first row seems to hold data: put a row with the names of the columns above it."
COMMENT = """\
# How a file of orders with these headers is read: our names and the file's columns. `perennial import orders`
# takes it from here without asking; change it, or delete the file to be asked again.
"""


def mapped_format(columns: Mapping[str, str]) -> Format:
    """The format of a table with these columns: our name -> header."""
    needed = (
        "order_id|email|customer_id|phone",
        "timestamp",
        "|".join(NEEDS["product"]),
        "|".join(NEEDS["price"]),
    )
    return Format(
        MAPPED, {name: (columns[name],) for name in MAPPABLE if name in columns}, needed, read=order_lines
    )


def given_columns(
    options: Iterable[str], headers: list[str], names: Iterable[str] = MAPPABLE
) -> dict[str, str]:
    """Our name -> header of texts like `sku=Artikelnr.`; case, accents and punctuation may differ.

    Raises ImportRefused for a name that is not ours or a header that the file does not have.
    """
    columns: dict[str, str] = {}
    for option in options:
        name, equals, wanted = option.partition("=")
        if not equals or name.strip() not in names:
            raise ImportRefused(
                f"--map {option}: write our name, =, and the file's column. Our names: {', '.join(names)}."
            )
        columns[name.strip()] = _header(wanted.strip(), headers)
    return columns


def _header(wanted: str, headers: list[str]) -> str:
    if wanted in headers:
        return wanted
    same = [header for header in headers if plain(header) == plain(wanted)]
    if len(same) == 1:
        return same[0]
    close = difflib.get_close_matches(wanted, headers, n=3, cutoff=0.5)
    nearest = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ImportRefused(f"There is no column {wanted!r}.{nearest} Found: {', '.join(headers[:40])}.")


def check_needs(columns: Mapping[str, str], headers: list[str], command: str) -> None:
    """Raises ImportRefused where something is lacking that orders cannot do without."""
    if lacking := missing_needs(columns):
        raise ImportRefused(
            f"Still missing: {'; '.join(IN_WORDS[need] for need in lacking)}. "
            f"Found: {', '.join(headers[:40])}. Try:\n{suggestion(command, columns, lacking)}"
        )


def refused_guess(guess: Guess, headers: list[str], said: str, command: str) -> ImportRefused:
    """What to say of a table that could not be guessed: what was found, and the command to try."""
    found = ", ".join(f"{name} = {header!r}" for name, header in guess.columns.items()) or "nothing"
    parts = [said, *([NO_HEADER] if header_is_data(headers) else []), f"Recognised: {found}."]
    if guess.missing:
        parts.append(f"Missing: {'; '.join(IN_WORDS[need] for need in guess.missing)}.")
    parts += [f"{each}." for each in guess.unread]
    if "timestamp" in guess.missing:
        parts.append(f"Dates are read as {KNOWN}.")
    parts += [f"Not sure of {name}: {why}." for name, why in guess.doubts.items()]
    return ImportRefused(
        f"{' '.join(parts)} Nothing was taken. Put the columns right and try:\n"
        f"{suggestion(command, guess.columns, guess.missing)}\n"
        "`perennial import formats` lists the exports that are known by name."
    )


def suggestion(
    command: str, columns: Mapping[str, str], missing: Iterable[str] = (), between: str = " \\\n  "
) -> str:
    """The command with a --map for each column, `COLUMN` where it must be filled in."""
    placeholders = {NEEDS[need][0]: "COLUMN" for need in missing}
    maps = [f"--map {name}={shlex.quote(header)}" for name, header in (columns | placeholders).items()]  # type: ignore[operator]
    return between.join([f"perennial import orders {command}", *maps])


def remember(home: Home, headers: list[str], name: str, columns: Mapping[str, str]) -> Path:
    """Write down how files with these headers are read; returns the path of the file."""
    path = remembered_in(home, headers) or home.imports / f"columns-{_digest(headers)}.toml"
    pairs = (f"{ours} = {_text(theirs)}" for ours, theirs in columns.items())
    head = [COMMENT, f"format = {_text(name)}", f"headers = {_text(headers)}", "", "[columns]"]
    write_whole(path, "\n".join([*head, *pairs, ""]).encode())
    return path


def recall(home: Home, headers: list[str]) -> tuple[str, dict[str, str], Path] | None:
    """Name of the format, columns, and the file they were remembered in; None where nothing was.

    Raises ImportRefused where that file cannot be read.
    """
    path = remembered_in(home, headers)
    if path is None:
        return None
    try:
        kept = tomllib.loads(path.read_text("utf-8"))
        return str(kept["format"]), {str(k): str(v) for k, v in dict(kept["columns"]).items()}, path
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ImportRefused(
            f"{path} cannot be read ({error!r}): correct it, or delete it to be asked again."
        ) from error


def remembered_in(home: Home, headers: list[str]) -> Path | None:
    """The file about this set of headers, under whatever name its owner gave it before the digest."""
    return next(iter(sorted(home.root.glob(f"imports/*-{_digest(headers)}.toml"))), None)


def _digest(headers: list[str]) -> str:
    return sha256("\n".join(sorted(map(plain, headers))).encode()).hexdigest()[:10]


def _text(value: str | list[str]) -> str:
    """JSON's strings and lists of strings are TOML's, too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
