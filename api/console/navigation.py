"""The pages of the console, in the order of their menu."""

from typing import Final

PAGES: Final = (
    "this_week",
    "recommendations",
    "try_it",
    "merchandising",
    "offers",
    "messages",
    "experiments",
    "customers",
    "figures",
    "data",
    "service",
)
