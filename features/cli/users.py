"""Commands about who may sign in to the console."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from features.cli.options import DEFAULT_HOME, HomeOption, console, plain_errors, show_table
from features.home import Home
from features.merchant.users import ROLES, Role, UsersUnavailable, add_user, read_users, remove_user

users = typer.Typer(help="Who may sign in to the console.", no_args_is_help=True)


@users.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What they sign in with, like their e-mail address.")],
    role: Annotated[
        str, typer.Option(help="viewer (sees all), merchandiser (changes what is shown), owner (everything).")
    ] = "owner",
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given."),
    ] = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Add a user, or give one another role and password; their sessions end with that."""
    roles: dict[str, Role] = {each: each for each in ROLES}
    if role not in roles:
        raise typer.BadParameter(f"a role is one of {', '.join(ROLES)}")
    with plain_errors(UsersUnavailable, OSError):
        add_user(Home(home), name, roles[role], password, datetime.now(UTC))
    console.print(f"{name} may sign in at /console as {role}.")


@users.command("list")
def list_users(home: HomeOption = DEFAULT_HOME) -> None:
    """Those who may sign in."""
    with plain_errors(UsersUnavailable, OSError):
        known = read_users(Home(home)).users
    show_table(
        ("name", "role", "since"),
        [(name, user.role, f"{user.created_at:%Y-%m-%d %H:%M}") for name, user in sorted(known.items())],
    )


@users.command("remove")
def remove(name: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Remove a user; they are signed out with the next page."""
    with plain_errors(UsersUnavailable, OSError):
        if not remove_user(Home(home), name):
            raise typer.BadParameter("no such user; `perennial users list` shows them")
    console.print(f"{name} may no longer sign in.")
