"""`bizmeme sandbox`: the simulated world as a process of its own, with its own clock.

Stages that find it running use it; without it, each starts a world for its own life.
"""

import argparse
from pathlib import Path

from bizmeme.errors import ConfigError
from bizmeme.shell.builder import checked
from bizmeme.shell.workspace import state_home


def main(arguments: list[str]) -> None:
    """Serve until Ctrl-C; addresses go to $BIZMEME_HOME/sandbox.json."""
    parser = argparse.ArgumentParser(prog="bizmeme sandbox", description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for a stage: sandbox=small")
    options = parser.parse_args(arguments)
    from bizmeme.sandbox.config import SandboxConfig
    from bizmeme.sandbox.process import serve_forever
    from bizmeme.stages.compose import composed_yaml

    section = composed_yaml(Path("conf"), options.overrides).config.get("sandbox")
    if section is None:
        raise ConfigError("`sandbox` is null in this configuration. Try `bizmeme sandbox sandbox=default`.")
    serve_forever(checked(SandboxConfig, section, where="sandbox"), state_home())
