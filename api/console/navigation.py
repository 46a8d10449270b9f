"""The pages of the console, in the order of their menu."""

from typing import Final

PAGES: Final = (
    "merchandising",
    "offers",
    "messages",
    "experiments",
    "figures",
    "data",
)
