"""One file a page of the console; none works anything out that a route does not say."""

from types import ModuleType

from api.console.pages import (
    customers,
    data,
    experiments,
    figures,
    merchandising,
    messages,
    offers,
    recommendations,
    service,
    this_week,
    try_it,
)

ALL: tuple[ModuleType, ...] = (
    this_week,
    recommendations,
    try_it,
    merchandising,
    offers,
    messages,
    experiments,
    customers,
    figures,
    data,
    service,
)
