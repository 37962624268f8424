"""`bizmeme label-studio`: a Label Studio of your own on loopback until Ctrl-C; `make label-studio` brings it.

    bizmeme label-studio                   port 8080; the first start shows a password, once
    bizmeme label-studio --port 8081       where another program has 8080
    bizmeme label-studio --new-password    another password, and another access token

Database, pictures and log lie in $BIZMEME_HOME/label-studio, and so does the access token that the other
commands use. Where LABEL_STUDIO_URL is set, that server is used: it is only checked, and nothing is started.
"""

import argparse
import os
import secrets
import shutil
import signal
from pathlib import Path

from rich.console import Console

from bizmeme.errors import ConfigError
from bizmeme.shell.keys import read_key
from bizmeme.shell.studio_accounts import personal_token, store_token, whose
from bizmeme.shell.studio_server import USER, Studio, address, ended, running, serving, studio_of
from bizmeme.shell.workspace import state_home

_PORT = 8080
_URL, _KEY = "LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"


def main(arguments: list[str]) -> None:
    """Serve until Ctrl-C or SIGTERM, or say which server is used."""
    options = _options(arguments)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    if url := os.environ.get(_URL):
        owner = whose(url.rstrip("/"), read_key(_KEY, setting=f"${_URL}", service=f"Label Studio at {url}"))
        console.print(f"Label Studio at {url} answers and knows {owner}: it is used, as ${_URL} says.")
        return
    studio = studio_of(state_home())
    if (other := running(studio)) is not None:
        console.print(
            f"Label Studio runs already, at {other.address} (process {other.pid}, which `kill` ends)."
        )
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        _serve(_program(options.program), studio, options, console)
    except KeyboardInterrupt:
        console.print("Label Studio is stopped. What was labelled is kept.")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bizmeme label-studio", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=_PORT, help=f"of 127.0.0.1 (default: {_PORT})")
    parser.add_argument("--new-password", action="store_true", help=f"for {USER}; it is shown once")
    parser.add_argument("--program", type=Path, metavar="FILE", help="label-studio of the environment to use")
    return parser.parse_args(arguments)


def _program(named: Path | None) -> Path:
    """Label Studio's own command; raises ConfigError where there is none."""
    made = Path(os.environ.get("LABEL_STUDIO_VENV") or ".venv-label-studio") / "bin" / "label-studio"
    found = named or (made if made.exists() else Path(shutil.which("label-studio") or made))
    if not found.exists():
        raise ConfigError(f"There is no Label Studio at {found}. `make label-studio` installs and starts it.")
    return found.absolute()


def _serve(program: Path, studio: Studio, options: argparse.Namespace, console: Console) -> None:
    """A password that nobody was told, or whose token was not kept, is of no use: then there is a new one."""
    new = options.new_password or not studio.token.exists()
    password = secrets.token_urlsafe(9) if new else None
    with serving(program, studio, port=options.port, password=password) as process:
        console.print(f"Label Studio runs at {address(options.port)}.\n  user      {USER}")
        if password is not None:
            token = personal_token(address(options.port), user=USER, password=password)
            console.print(f"  password  {password}\nIt is shown this once; --new-password sets another.")
            store_token(studio.token, token)
        console.print("Ctrl-C stops it.")
        process.wait()
        raise ended(process, studio)
