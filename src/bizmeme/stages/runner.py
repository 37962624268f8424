"""Runs one stage: composes its configuration, resolves `sandbox://` names, hands over a workspace.

The only place that knows where it is: under DVC (configuration is ./params.yaml, outputs go to the current
folder) or by hand (configuration is ./conf, outputs go to Hydra's run folder), with a sandbox or without.
"""

import importlib
import logging
import os
import resource
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from bizmeme.errors import ConfigError
from bizmeme.shell import processors
from bizmeme.shell.builder import checked
from bizmeme.shell.messages import errors_as_messages
from bizmeme.shell.workspace import Workspace, state_home

_SCHEME = "sandbox://"
_SANDBOX_KEY = "BIZMEME_SANDBOX_KEY"  # what conf/ names as key where an address is a sandbox's
_CHATTY = ("httpx", "httpx2", "openai", "label_studio_sdk", "alembic", "mlflow", "datasets", "bitsandbytes")
_UNDER_DVC = ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=stdout"]


def main(stage: str, arguments: list[str]) -> None:
    """Run `stage` as a Hydra app with these arguments; exits with status 1 after a message on our errors."""
    processors.pin()
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # else Hydra prints and exits before we can say anything
    with errors_as_messages():
        if not (Path.cwd() / "conf").is_dir():
            raise ConfigError(f"There is no conf/ in {Path.cwd()}. Run bizmeme in the repository's root.")
        placed = [*arguments, f"hydra.job.name={stage}", *(_UNDER_DVC if "DVC_STAGE" in os.environ else [])]
        sys.argv = [f"bizmeme {stage}", *placed]
        _hydra_app(stage)


def _hydra_app(stage: str) -> None:
    """Let Hydra read sys.argv, compose, and run the stage once, or once a job of a sweep."""
    import hydra
    from hydra.errors import HydraException
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    def task(config: DictConfig) -> None:
        _quieten()
        before_s = _cpu_s()
        values = OmegaConf.to_container(config, resolve=True)
        assert isinstance(values, dict)
        with errors_as_messages():  # here as well: Hydra would print a line of its own first
            run_stage(stage, {str(key): value for key, value in values.items()}, out=_out())
        print(f"{stage}: {_cpu_s() - before_s:.0f} CPU-seconds")  # noqa: T201

    try:
        hydra.main(version_base="1.3", config_path=str(Path.cwd() / "conf"), config_name="config")(task)()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"The configuration cannot be composed: {error}") from error


def _quieten() -> None:
    """Libraries tell every request and deprecation of theirs; people want progress and errors."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


def run_stage(stage: str, config: Mapping[str, Any], *, out: Path) -> None:
    """Check the sections that `stage` reads and run it, inputs from the current folder, outputs to `out`."""
    module = importlib.import_module(f"bizmeme.stages.{stage}")
    home = state_home()
    with addresses(sections_of(module.Params, config), home=home) as sections:
        params = checked(module.Params, sections, where="")
        workspace = Workspace(root=Path.cwd(), out=out, home=home, origin=origin(sections.get("sandbox")))
        module.run(params, workspace)


def sections_of(params: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """The top-level keys that a stage's `Params` names; raises ConfigError for a missing one."""
    missing = [key for key in params.model_fields if key not in config]
    if missing:
        raise ConfigError(f"The configuration has no {', '.join(missing)}. Add it to conf/config.yaml.")
    return {key: config[key] for key in params.model_fields}


def origin(sandbox: Mapping[str, Any] | None) -> str:
    """Whose posts these are: `real`, or the world that the sandbox's configuration describes."""
    if sandbox is None:
        return "real"
    from bizmeme.sandbox.config import SandboxConfig
    from bizmeme.sandbox.config import origin as origin_of_world

    return origin_of_world(checked(SandboxConfig, sandbox, where="sandbox"))


@contextmanager
def addresses(sections: dict[str, Any], *, home: Path) -> Iterator[dict[str, Any]]:
    """The sections with every `sandbox://name` replaced by an address that answers while this is open.

    Only a stage that reads the section `sandbox` may reach outside; others keep the names as they are.
    """
    if "sandbox" not in sections or not any(map(_names_sandbox, sections.values())):
        yield sections
        return
    if sections["sandbox"] is None:
        raise ConfigError(
            "An address begins with sandbox://, but `sandbox` is null. "
            "Select real addresses (experiment: production) or a world (sandbox: default)."
        )
    from bizmeme.sandbox.config import SandboxConfig
    from bizmeme.sandbox.process import running
    from bizmeme.sandbox.state import find

    config = checked(SandboxConfig, sections["sandbox"], where="sandbox")
    started = find(home, origin(sections["sandbox"]))
    with nullcontext(started) if started else running(config) as found:
        os.environ[_SANDBOX_KEY] = "sandbox"
        yield _resolved(sections, found)


def _names_sandbox(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_names_sandbox, value.values()))
    return isinstance(value, str) and value.startswith(_SCHEME)


def _resolved(value: Any, found: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(each, found) for key, each in value.items()}
    if isinstance(value, str) and value.startswith(_SCHEME):
        name, slash, rest = value.removeprefix(_SCHEME).partition("/")
        if name not in found:
            raise ConfigError(f"{value}: the sandbox serves {', '.join(sorted(found))}, not '{name}'.")
        return found[name] + slash + rest
    return value


def _cpu_s() -> float:
    """CPU-seconds of this process and of the children that have ended (a sandbox of its own)."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _out() -> Path:
    from hydra.core.hydra_config import HydraConfig

    return Path.cwd() if "DVC_STAGE" in os.environ else Path(HydraConfig.get().runtime.output_dir)
