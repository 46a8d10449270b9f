"""`perennial triggers`: what is to be sent, now or as of any moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
import typer

from features.cli.commands import store
from features.cli.options import DEFAULT_HOME, HomeOption, console, plain_errors, progress, show_table
from features.home import Home
from features.outgoing.trigger_queue import BEGINNING, read_page_sync
from features.people.names import shown
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS

if TYPE_CHECKING:
    import redis

KindOption = Annotated[str | None, typer.Option(help="One kind, or several separated by commas.")]
ReplayTimeOption = Annotated[
    datetime | None,
    typer.Option("--as-of", help="With --dry-run: as if it were then (UTC), with what had happened by then."),
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Work out from the history what would be sent; nothing is written."),
]
LinesOption = Annotated[bool, typer.Option("--json", help="Print a JSON object a line, for programs.")]
TriggerRow = dict[str, Any]


def triggers(
    home: HomeOption = DEFAULT_HOME,
    kind: KindOption = None,
    dry_run: DryRunOption = False,
    as_of: ReplayTimeOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table.")] = 30,
    as_json: LinesOption = False,
) -> None:
    """Messages to customers that are due: what waits to be read, or, with --dry-run, what would."""
    from recommender.model.bundle_files import BadBundle

    kinds = [name.strip() for name in (kind or "").split(",") if name.strip()]
    if unknown := [name for name in kinds if name not in MESSAGE_KINDS]:
        raise typer.BadParameter(f"`{unknown[0]}` is none of {', '.join(sorted(MESSAGE_KINDS))}")
    if as_of and not dry_run:
        raise typer.BadParameter("--as-of needs --dry-run: what was handed out then is not kept")
    moment = as_of.replace(tzinfo=UTC) if as_of else datetime.now(UTC)
    with plain_errors(RedisServerError, BadBundle), store(Home(home)) as client:
        due = _replayed(Home(home), client, moment) if dry_run else _waiting(client, moment)
        lines = [line for line in due if not kinds or line["kind"] in kinds]
    if as_json:
        for line in lines:
            print(msgspec.json.encode(line).decode())
    else:
        _show(lines, limit)


def _waiting(client: redis.Redis, now: datetime) -> Iterator[TriggerRow]:
    """Triggers handed out and not expired. Reading them here does not count as a contact."""
    last = BEGINNING
    while last:
        last, lines = read_page_sync(client, last, int(now.timestamp() * 1000), 1_000)
        yield from (msgspec.json.decode(line) for _, line in lines)


def _replayed(home: Home, client: redis.Redis, now: datetime) -> list[TriggerRow]:
    # Imported here because serving imports this module too, and must not load training's libraries.
    from training.data.live_replay import replay
    from training.worker.trigger_rounds import Lifecycle, merchants_settings

    now_ms, (settings, _) = int(now.timestamp() * 1000), merchants_settings(client)
    knowledge = Lifecycle(client, home, StoreSettings().holdout).knowledge()
    due: list[TriggerRow] = []
    with progress() as report:
        report("Replaying the history", 0, 1)
        states = list(replay(home, now, StoreSettings()).states())
        for number, (customer, state) in enumerate(states):
            if number % 500 == 0:
                report("Looking at customers", number, len(states))
            plan = knowledge.decide(customer, state, now_ms, settings)
            due += [cast(TriggerRow, msgspec.to_builtins(trigger)) for trigger in plan.triggers]
    return sorted(due, key=lambda line: (line["due_at"], line["id"]))


def _show(lines: list[TriggerRow], limit: int) -> None:
    rows = [
        (
            str(line.get("due_at", ""))[:16].replace("T", " "),
            line["kind"] + (f" {line['step']}" if line.get("step", 1) > 1 else ""),
            shown(line["customer_id"]),
            ", ".join(line.get("products", ())),
            "called off" if line.get("cancelled") else line["reason"]["text"],
            line.get("offer") or "",
        )
        for line in lines[:limit]
    ]
    show_table(("due (UTC)", "kind", "customer", "products", "why", "offer"), rows)
    kinds = Counter(line["kind"] for line in lines)
    console.print(", ".join(f"{n:,} {name}" for name, n in kinds.most_common()) or "Nothing is due.")
    if len(lines) > limit:
        console.print(f"{len(lines) - limit:,} more: --limit shows more of them, --json prints all.")
