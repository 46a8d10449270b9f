"""The package's optional parts, as its own metadata names them."""

import re
from importlib.metadata import requires
from importlib.util import find_spec
from typing import Final

NEED: Final = re.compile(r"""(?P<module>\w+).*extra == ['"](?P<extra>\w+)""")


def extra_of(module: str | None) -> str | None:
    """The extra that installs a module, given by its full name; None if no extra does."""
    return _needs().get((module or "").partition(".")[0])


def is_installed(extra: str) -> bool:
    """Whether all that an extra names is installed. Nothing is imported."""
    try:
        require(extra)
    except ModuleNotFoundError:
        return False
    return True


def require(extra: str) -> None:
    """Raises ModuleNotFoundError for the first module of an extra that is not installed."""
    for module, its_extra in _needs().items():
        if its_extra == extra and find_spec(module) is None:
            raise ModuleNotFoundError(f"No module named '{module}'", name=module)


def remedy(extra: str) -> str:
    """How to install a missing extra."""
    return f"this needs perennial[{extra}]: pip install 'perennial[{extra}]'"


def _needs() -> dict[str, str]:
    """Module -> extra. Each library in an extra for users has a module of the same name."""
    matches = map(NEED.match, requires("perennial") or ())
    return {match["module"]: match["extra"] for match in matches if match}
