"""`perennial replay`: what the answers of a period would have been under a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from features.cli.commands import store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    existing_home,
    plain_errors,
    progress,
    show_table,
)
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings

if TYPE_CHECKING:
    from training.replay.estimate import ClickEstimate
    from training.replay.replay import ReplayResult

SHOWN_EXAMPLES = 3
RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", exists=True, help="Rules (JSON, as PUT /v1/merchandising takes them)."),
]
WeightOption = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="PLACEMENT.SOURCE=W", help="Weight of a source, 0 to 1; repeatable."),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="A version of `perennial models list`.")]
PlacementOption = Annotated[list[str] | None, typer.Option("--placement", help="Only this one; repeatable.")]
DayOption = Annotated[
    datetime | None,
    typer.Option("--day", formats=["%Y-%m-%d"], help="A whole day (UTC); else the last 24 hours."),
]


def replay(
    rules: RulesOption = None,
    weight: WeightOption = None,
    model: ModelOption = None,
    placement: PlacementOption = None,
    day: DayOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """What yesterday's answers would have been under other rules, source weights or another model.

    Nothing is saved or counted. `perennial report policy --replay` does the same for offers.
    """
    # Imported here because serving imports this module too, and must not load training's libraries.
    from features.history.archiver import Archiver
    from recommender.model.bundle_files import BadBundle
    from training.replay.change import BadChange, Change, before_and_after, read_rules, read_weight
    from training.replay.questions import Period
    from training.replay.replay import replay_answers

    if rules is None and not weight and model is None:
        raise typer.BadParameter(
            "say what to change: --rules FILE, --weight PLACEMENT.SOURCE=W or --model VERSION"
        )
    settings, since = (
        StoreSettings(),
        day.replace(tzinfo=UTC) if day else datetime.now(UTC) - timedelta(days=1),
    )
    with plain_errors(RedisServerError, BadBundle, BadChange):
        shop = existing_home(home)
        change = Change(
            rules=read_rules(rules) if rules else None,
            weights=dict(map(read_weight, weight or ())),
            model=model,
        )
        with store(shop) as client:
            Archiver(client, shop, settings).run(burst=True)
            recommenders = before_and_after(shop, client, change)
        period = Period(since, since + timedelta(days=1))
        with progress() as report:
            result = replay_answers(
                shop,
                period,
                recommenders,
                settings,
                placements=tuple(placement or ()),
                report=report,
            )
    if as_json:
        print(msgspec.json.encode(result).decode())
    else:
        _show(result)


def _show(result: ReplayResult) -> None:
    if not result.placements:
        console.print("No answers are logged in that time: --day names another.")
        return
    rows = [
        (each.placement, f"{each.answers:,}", *map(_percent, (each.changed, each.replaced, each.as_shown)))
        for each in result.placements
    ]
    show_table(("placement", "answers", "changed", "products replaced", "as shown then"), rows)
    if result.products:
        moved = [(each.product_id, f"{each.before:,}", f"{each.after:,}") for each in result.products]
        show_table(("product", "answers before", "after"), moved)
    for example in result.examples[:SHOWN_EXAMPLES]:
        about = f" about {', '.join(example.about)}" if example.about else ""
        console.print(
            f"{example.placement} of {example.shopper or 'nobody known'}{about}, {example.at:%d %B %H:%M}:\n"
            f"  before  {', '.join(example.before)}\n  after   {', '.join(example.after)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    if result.clicks:
        console.print(_in_words(result.clicks), highlight=False)


def _in_words(clicks: ClickEstimate) -> str:
    logged = f"Clicks an answer: {clicks.logged.value:.2%} as they were shown"
    if clicks.changed is None:
        return f"{logged}. How many there would be cannot be said: {clicks.refused}."
    value, low, high = clicks.changed
    return f"{logged}, {value:.2%} with the change ({low:.2%} to {high:.2%})."


def _percent(share: float) -> str:
    return f"{share:.0%}"
