"""A file that came by HTTP is taken by a process of `perennial import`, and what becomes of it.

The process writes its answer to `result.json`, which it holds locked until it ends: so every API process sees
whether it runs, and what became of it when it or whoever started it has died.
"""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from api.schemas.imports import FileAsk, ImportAsk, ImportProgress, ImportState, Kind, TakenBack, UploadedFile
from api.serving.uploads import ASK, NO_FILE, RESULT, RUNNING, Asked, folder_of, read_asked, write_asked
from api.web.problems import Problem
from features import extras
from features.home import Home
from features.store.files import read_whole, write_whole
from features.store.locks import is_held

STOPPED: Final = (
    "It ended before it was done, perhaps for lack of memory. Import the file again: what was taken counts "
    "once."
)
LONGEST_PROBLEM = 4_000
OPTIONS: Final[dict[Kind, set[str]]] = {
    "orders": {"format", "sheet", "decimal", "zone"},
    "catalogue": {"format", "sheet", "decimal", "retire_missing"},
    "customers": {"sheet", "exported"},
}
COMMAND_S = 300.0
ERRORS, PROGRESS, PREVIEW = "errors.txt", "progress.json", "preview.json"


def require_importers() -> None:
    """Raises Problem 501 where the libraries that read files are not installed."""
    if not extras.is_installed("training"):
        raise Problem(501, f"Files cannot be imported here: {extras.remedy('training')}.")


def preview(home: Home, redis_url: str, id: str, ask: FileAsk) -> UploadedFile:
    """What a file seems to be. Raises Problem 404, and 422 where it cannot be read."""
    folder = folder_of(home, id)
    name = read_asked(folder).file
    if not (folder / name).is_file():
        raise Problem(404, NO_FILE)
    if seen := _seen(folder, ask):
        return seen
    options = [f"--{option}={value}" for option in ("kind", "sheet") if (value := getattr(ask, option))]
    found = _answer(folder, redis_url, ["import", "preview", *options, *_end_of_command(home), name])
    file = msgspec.convert({**found, "id": id}, UploadedFile)
    write_whole(folder / PREVIEW, msgspec.json.encode(_Seen(ask.sheet, file)))
    return file


class _Seen(msgspec.Struct, frozen=True):
    """What was found last, and of which sheet."""

    sheet: str | None
    file: UploadedFile


def _seen(folder: Path, ask: FileAsk) -> UploadedFile | None:
    """What was found already, if it was asked for so."""
    if not (content := read_whole(folder / PREVIEW)):
        return None
    seen = msgspec.json.decode(content, type=_Seen)
    return seen.file if seen.sheet == ask.sheet and ask.kind in {None, seen.file.kind} else None


def undo(home: Home, redis_url: str, id: str) -> TakenBack:
    """Take an import back. Raises Problem 422, with the words of `perennial import undo`."""
    done = _answer(home.uploads, redis_url, ["import", "undo", *_end_of_command(home), id])
    return msgspec.convert(done, TakenBack)


def _answer(folder: Path, redis_url: str, words: Sequence[str]) -> Any:
    """The JSON that a short command prints. Raises Problem 422 with what it says instead, and 503."""
    try:
        done = subprocess.run(
            _command(words),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "REDIS_URL": redis_url},
            timeout=COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Problem(503, "Reading it takes too long: run `perennial import` beside the home.") from None
    if done.returncode:
        raise Problem(422, done.stderr.decode(errors="replace").strip()[-LONGEST_PROBLEM:] or STOPPED)
    return msgspec.json.decode(done.stdout)


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "perennial", *words]


def _end_of_command(home: Home) -> list[str]:
    return ["--json", "--home", str(home.root.resolve()), "--"]


def begin(home: Home, redis_url: str, ask: ImportAsk) -> None:
    """Start the import of a file. Raises Problem 404, 409 and 422."""
    options = list(_options(ask))
    folder = folder_of(home, ask.file)
    asked = read_asked(folder)
    if not (folder / asked.file).is_file():
        raise Problem(404, NO_FILE)
    command = _command(["import", ask.kind, *options, *_end_of_command(home), asked.file])
    environment = {"REDIS_URL": redis_url, "PERENNIAL_PROGRESS_FILE": str(folder.resolve() / PROGRESS)}
    with (folder / RESULT).open("ab") as result:
        try:
            fcntl.flock(result, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(409, RUNNING) from None
        result.truncate(0)
        (folder / PROGRESS).unlink(missing_ok=True)
        write_asked(folder, Asked(asked.file, datetime.now(UTC), ask))
        with (folder / ERRORS).open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=result,  # locked as long as the process has it
                stderr=errors,
                env={**os.environ, **environment},
                start_new_session=True,
            )
    threading.Thread(target=_end, args=(process, folder, asked.file), daemon=True).start()


def _end(process: "subprocess.Popen[bytes]", folder: Path, name: str) -> None:
    """Wait for the import; a file that was taken is not needed any more."""
    process.wait()
    with suppress(OSError, msgspec.DecodeError):
        done = state(folder)
        if done.state == "imported" and not done.problem:
            (folder / name).unlink(missing_ok=True)


def _options(ask: ImportAsk) -> Iterator[str]:
    """Raises Problem 422 for an option that the command does not have."""
    for ours, header in ask.map.items():
        yield f"--map={ours}={header}"
    exported = ask.exported and f"{ask.exported.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    values = {name: getattr(ask, name) for name in ("format", "sheet", "decimal", "zone")}
    for name, value in {**values, "exported": exported}.items():
        if value is not None:
            _require(ask, name)
            yield f"--{name}={value}"
    if not ask.guess and ask.kind == "orders":  # of the others nothing is guessed
        yield "--no-guess"
    if ask.retire_missing:
        _require(ask, "retire_missing")
        yield "--retire-missing"
    if ask.dry_run:
        yield "--dry-run"


def _require(ask: ImportAsk, option: str) -> None:
    if option not in OPTIONS[ask.kind]:
        raise Problem(422, f"{option}: an import of {ask.kind} takes {', '.join(sorted(OPTIONS[ask.kind]))}.")


def states(home: Home) -> list[ImportState]:
    """Of all files, the newest first."""
    found = [state(folder) for folder in home.uploads.glob("f-*") if (folder / ASK).is_file()]
    return sorted(found, key=lambda each: each.at, reverse=True)


def state(folder: Path) -> ImportState:
    """What became of a file so far."""
    asked = read_asked(folder)
    about: dict[str, Any] = {"id": folder.name, "file": asked.file, "at": asked.at, "ask": asked.ask}
    if asked.ask is None:
        return ImportState(state="waiting", **about)
    if is_held(folder / RESULT):
        return ImportState(state="running", progress=_progress(folder), **about)
    said, result = _text(folder / ERRORS), read_whole(folder / RESULT)
    if result:
        summary = msgspec.json.decode(result, type=dict[str, Any])
        return ImportState(
            state="checked" if asked.ask.dry_run else "imported",
            summary=summary,
            problem=said or None,
            **about,
        )
    is_crash = not said or said.startswith("Traceback")
    problem = f"{STOPPED} {said.rpartition(chr(10))[2]}".strip() if is_crash else said
    return ImportState(state="stopped" if is_crash else "refused", problem=problem, **about)


def _progress(folder: Path) -> ImportProgress | None:
    with suppress(msgspec.DecodeError, OSError):  # it may be half written
        return msgspec.json.decode((folder / PROGRESS).read_bytes(), type=ImportProgress)
    return None


def _text(path: Path) -> str:
    return (read_whole(path) or b"").decode(errors="replace").strip()[-LONGEST_PROBLEM:]
