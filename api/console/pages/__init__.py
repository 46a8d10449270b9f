"""One file a page of the console; none works anything out that a route does not say."""

from types import ModuleType

from api.console.pages import data, experiments, figures, merchandising, messages, offers

ALL: tuple[ModuleType, ...] = (merchandising, offers, messages, experiments, figures, data)
