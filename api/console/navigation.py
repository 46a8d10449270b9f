"""The pages of the console, in the order of their menu."""

from typing import Final

PAGES: Final = (
    "try_it",
    "merchandising",
    "offers",
    "messages",
    "experiments",
    "data",
    "service",
    "figures",
)
