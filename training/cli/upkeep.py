"""Commands that keep a home well: backup, restore, rebuild."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.cli.commands import store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    errors,
    existing_home,
    plain_errors,
    progress,
    show,
)
from features.home import Home
from features.store.files import replacing
from features.store.locks import HomeInUse, serve_lock
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings
from features.upkeep.backup import BackedUp, back_up
from features.upkeep.restore import CannotRestore
from features.upkeep.restore import restore as restore_home

BackupArgument = Annotated[Path, typer.Argument(metavar="FILE", help="`-`: a pipe.")]
PIPE = Path("-")


def backup(file: BackupArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Copy the whole home into one file, also while it is served. Encrypt: `backup - | age -r KEY > FILE`."""
    with plain_errors(OSError):
        shop = existing_home(home)
        if file == PIPE:
            errors.print(*(f"{label}: {text}." for label, text in _back_up(shop, None).lines()))
            return
        with replacing(file, 0o600) as fresh:
            done = _back_up(shop, fresh)
    show(done, as_json=as_json)


def _back_up(home: Home, file: Path | None) -> BackedUp:
    live, now = StoreSettings().redis_url is None, datetime.now(UTC)
    if file is None:
        return back_up(home, sys.stdout.buffer, now, live=live)
    with file.open("wb") as target:
        return back_up(home, target, now, live=live)


def restore(
    file: BackupArgument,
    home: HomeOption = DEFAULT_HOME,
    force: Annotated[bool, typer.Option("--force", help="Move a home that is there aside.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a home from a backup, after checking all of it. Decrypt: `age -d FILE | perennial restore -`."""
    from training.privacy.erase import erase_again

    shop, now = Home(home), datetime.now(UTC)
    with plain_errors(CannotRestore, HomeInUse, RedisServerError, OSError):
        if file == PIPE:
            restored = restore_home(shop, sys.stdin.buffer, now, force=force)
        else:
            with file.open("rb") as source:
                restored = restore_home(shop, source, now, force=force)
        if restored.live:
            with store(shop) as client:
                erase_again(shop, client, StoreSettings())
    show(restored, as_json=as_json)


def rebuild(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Work out Redis's live state of shoppers from the history again; stop `perennial serve` first."""
    import redis

    from features.upkeep.rebuild import rebuild as rebuild_live

    with (
        plain_errors(HomeInUse, RedisServerError, redis.RedisError, OSError),
        serve_lock(shop := existing_home(home), "a rebuild"),
        store(shop) as client,
    ):
        with progress() as report:
            rebuilt = rebuild_live(shop, client, StoreSettings(), datetime.now(UTC), report)
        show(rebuilt, as_json=as_json)
