"""The plug-in door: a section's `name` is the file of its adapter.

    labeller: {name: openai, …}   →   bizmeme/labellers/openai.py: Config(**section), build(config)

Built-in adapters use the same door as anybody's: one file in the folder, one yaml in conf/.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from bizmeme.core.settings import Plugin, Section
from bizmeme.errors import ConfigError

FOLDERS = {
    "annotator": "annotators",
    "clock": "clocks",
    "collector": "collectors",
    "labeller": "labellers",
    "source": "sources",
    "tracker": "trackers",
    "vlm": "vlms",
}


def build(kind: str, section: Plugin, /, *, where: str | None = None, **needs: object) -> Any:
    """The adapter that `section.name` names, built from the rest of the section, which stands at `where`.

    `needs` are what the adapter takes beside its configuration (labels, a home folder). Raises ConfigError.
    """
    return _module(kind, section.name).build(plugin_config(kind, section, where=where), **needs)


def plugin_config(kind: str, section: Plugin, *, where: str | None = None) -> Section:
    """The section, which stands at `where`, checked by its adapter's own `Config`; raises ConfigError."""
    module = _module(kind, section.name)
    config: Section = checked(module.Config, section.model_dump(), where=where or kind)
    return config


def checked(model: type[BaseModel], values: object, *, where: str) -> Any:
    """`values` as `model`; raises one ConfigError with every problem found."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(problems(error, where=where))) from error


def problems(error: ValidationError, *, where: str) -> list[str]:
    """One line a problem: the key in the composed configuration, what is wrong, what to do."""
    lines = []
    for each in error.errors():
        key = ".".join([*filter(None, [where]), *(str(part) for part in each["loc"])])
        if not each["loc"]:  # of the sections together, in the words of whoever checks them
            lines.append(each["msg"].removeprefix("Value error, "))
        elif each["type"] == "extra_forbidden":
            lines.append(f"{key}: there is no such key. Fix or remove it in conf/{key.split('.')[0]}/.")
        elif each["type"] == "missing":
            lines.append(f"{key}: the key is missing. Add it in conf/{key.split('.')[0]}/.")
        elif each["type"] in ("tuple_type", "list_type"):
            lines.append(
                f"{key} = {each['input']!r}: this is a list, as in [{each['input']}]. "
                f"Fix it in conf/{key.split('.')[0]}/."
            )
        else:
            lines.append(f"{key} = {each['input']!r}: {each['msg']}. Fix it in conf/{key.split('.')[0]}/.")
    return lines


def _module(kind: str, name: str) -> ModuleType:
    folder = importlib.import_module(f"bizmeme.{FOLDERS[kind]}")
    known = sorted(each.name for each in pkgutil.iter_modules(folder.__path__))
    if name not in known:
        raise ConfigError(f"{kind}.name = '{name}': there is no such adapter. Known: {', '.join(known)}.")
    return importlib.import_module(f"{folder.__name__}.{name}")
