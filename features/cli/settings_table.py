"""The table of all settings in the documentation, made from the settings themselves."""

from collections.abc import Iterable, Iterator

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

PAGE_HEAD = """# Settings

Set them in the environment. Made by `make docs` from the code; `make check` fails when it drifts.
"""


def settings_page(groups: Iterable[type[BaseSettings]]) -> str:
    """Markdown with one table per group."""
    return PAGE_HEAD + "".join(part for group in groups for part in _table(group))


def _table(group: type[BaseSettings]) -> Iterator[str]:
    yield f"\n## {(group.__doc__ or group.__name__).strip().rstrip('.')}\n\n"
    yield "| variable | default | what it does |\n| --- | --- | --- |\n"
    for name, field in group.model_fields.items():
        yield f"| `{_variable(group, name, field)}` | {_default(field)} | {field.description} |\n"


def _variable(group: type[BaseSettings], name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        return str(field.validation_alias.choices[0])
    return f"{group.model_config.get('env_prefix', '')}{name}".upper()


def _default(field: FieldInfo) -> str:
    return "" if field.default in (None, ()) else f"`{field.default}`"
