"""compose: conf/ → params.yaml, the one file of parameters that DVC compares and every stage reads.

    bizmeme compose [--check] [key=value …]

`dvc repro` never composes Hydra's configuration by itself, so this is its first stage (`--stage`); under
`dvc exp run` DVC has just composed conf/ with its -S overrides into params.yaml, which is then only checked.
"""

import argparse
import importlib
import os
import tempfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bizmeme.core.settings import Plugin
from bizmeme.errors import ConfigError
from bizmeme.shell.builder import FOLDERS, plugin_config, problems
from bizmeme.stages import STAGES

_TARGET = Path("params.yaml")
READERS = (*(f"bizmeme.stages.{stage}" for stage in STAGES), "bizmeme.apps.collect")
"""Modules whose `Params` name the sections that they read."""


def main(arguments: list[str]) -> None:
    """Compose and check; `--check` compares with params.yaml instead of writing it."""
    parser = argparse.ArgumentParser(prog="bizmeme compose", description=__doc__.splitlines()[0])
    parser.add_argument("--stage", action="store_true", help="as DVC's stage: keep what `dvc exp run` made")
    parser.add_argument("--check", action="store_true", help="fail where params.yaml is stale")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    options = parser.parse_args(arguments)
    if options.stage and "DVC_EXP_NAME" in os.environ:
        check(_loaded(_TARGET))
        return
    composed = composed_yaml(Path("conf"), options.overrides)
    check(composed.config)
    if not options.check:
        _TARGET.write_text(composed.text, encoding="utf-8")
    elif not _TARGET.exists() or _TARGET.read_text(encoding="utf-8") != composed.text:
        raise ConfigError("params.yaml is not what conf/ composes to. Run `bizmeme compose`.")


class Composed:
    """The composed configuration, as text and as a dictionary."""

    def __init__(self, text: str, config: dict[str, Any]) -> None:
        self.text = text
        self.config = config


def composed_yaml(conf: Path, overrides: list[str]) -> Composed:
    """Compose with DVC's own function, so that repro and experiments write the same bytes."""
    if not conf.is_dir():
        raise ConfigError(f"There is no {conf}/ in {Path.cwd()}. Run bizmeme in the repository's root.")
    from dvc.utils.hydra import compose_and_dump
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / _TARGET.name
        try:
            compose_and_dump(str(target), str(conf.absolute()), None, "config", "", overrides)
        except (HydraException, OmegaConfBaseException, YAMLError, ValueError) as error:
            raise ConfigError(f"conf/ cannot be composed: {error}") from error
        return Composed(target.read_text(encoding="utf-8"), _loaded(target))


def _loaded(path: Path) -> dict[str, Any]:
    from omegaconf import OmegaConf

    values = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    if not isinstance(values, dict):
        raise ConfigError(f"{path} holds no mapping. Run `bizmeme compose`.")
    return {str(key): value for key, value in values.items()}


def check(config: Mapping[str, Any]) -> None:
    """Check every section of every stage and every adapter; one ConfigError with all problems."""
    found: dict[str, None] = {}  # in order, each once: sections are shared between stages
    sections = _check_stages(config, found)
    for key in sorted(set(config) - sections):
        found[f"{key}: nothing reads this section. Remove it from conf/."] = None
    for kind in FOLDERS:
        if isinstance(config.get(kind), Mapping):
            for where, section in _plugins(kind, config[kind]):
                _check_plugin(kind, section, found, where=where)
    _check_world(config, found)
    if found:
        raise ConfigError("the configuration does not hold:\n" + "\n".join(f"  {line}" for line in found))


def _plugins(kind: str, section: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The one plug-in of a kind, or all that are there together, with their place in the configuration."""
    if kind not in ("source", "labeller"):
        return [(kind, section)]
    return [(f"{kind}.{name}", each) for name, each in section.items() if isinstance(each, Mapping)]


def _check_plugin(kind: str, section: Mapping[str, Any], found: dict[str, None], *, where: str) -> None:
    try:
        plugin_config(kind, Plugin.model_validate(section), where=where)
    except ValidationError as error:
        found |= dict.fromkeys(problems(error, where=where))
    except ConfigError as error:
        found |= dict.fromkeys(str(error).splitlines())


def _check_world(config: Mapping[str, Any], found: dict[str, None]) -> None:
    """The sandbox's section; and posts and their labels come from one world, since one is paid for."""
    if isinstance(config.get("sandbox"), Mapping):
        from bizmeme.sandbox.config import SandboxConfig

        try:
            world = SandboxConfig.model_validate(config["sandbox"]).world
        except ValidationError as error:
            found |= dict.fromkeys(problems(error, where="sandbox"))
        else:
            _check_last_period(config, str(world.last_period_from), found)
    sources, labellers = config.get("source"), config.get("labeller")
    if isinstance(sources, Mapping) and isinstance(labellers, Mapping):
        _check_addresses(sources, labellers, found)


def _check_addresses(
    sources: Mapping[str, Any], labellers: Mapping[str, Any], found: dict[str, None]
) -> None:
    for (where, source), (who, labeller) in product(
        _plugins("source", sources), _plugins("labeller", labellers)
    ):
        url = labeller.get("base_url")
        for key in ("base_url", "media_url"):
            if key in source and _simulated(source[key]) != _simulated(url):
                found[
                    f"{where}.{key} = {source[key]}, {who}.base_url = {url}: one is the "
                    "sandbox's, the other real. Select both alike."
                ] = None


def _simulated(url: object) -> bool:
    return str(url).startswith("sandbox://")


def _check_last_period(config: Mapping[str, Any], begins: str, found: dict[str, None]) -> None:
    """What only the world's last period shows may not be trained on."""
    split = config.get("split")
    held_out = str(split.get("last_period_from") or "never") if isinstance(split, Mapping) else begins
    if held_out > begins:
        found[
            f"split.last_period_from = {held_out}: the sandbox's last period begins on {begins}, and what is "
            f'new in it may not be trained on. Set split.last_period_from: "{begins}".'
        ] = None


def _check_stages(config: Mapping[str, Any], found: dict[str, None]) -> set[str]:
    """Check each reader's sections into `found`; the names of all sections that are read."""
    known: set[str] = set()
    for module in READERS:
        params = getattr(importlib.import_module(module), "Params", None)
        if params is None:
            continue  # compose itself reads everything
        known |= set(params.model_fields)
        try:
            params.model_validate({key: config[key] for key in params.model_fields if key in config})
        except ValidationError as error:
            found |= dict.fromkeys(problems(error, where=""))
    return known
