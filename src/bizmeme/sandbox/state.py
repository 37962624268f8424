"""How a stage finds the world that `bizmeme sandbox` runs: a file names process, origin and addresses."""

import contextlib
import http.client
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from bizmeme.errors import ConfigError

Addresses = Mapping[str, str]

STATE_FILE = "sandbox.json"
_ANSWER_S = 5.0


@contextlib.contextmanager
def announced(home: Path, origin: str, addresses: Addresses) -> Iterator[None]:
    """Let `home`/sandbox.json name this process, its origin and its addresses while the block lasts."""
    state = {"pid": os.getpid(), "origin": origin, "addresses": dict(addresses)}
    _write(home / STATE_FILE, json.dumps(state, indent=2) + "\n")
    try:
        yield
    finally:
        (home / STATE_FILE).unlink(missing_ok=True)


def find(home: Path, origin: str) -> Addresses | None:
    """The addresses of a world that `bizmeme sandbox` runs; None where none does.

    Raises ConfigError where the running one is of another origin.
    """
    try:
        state = json.loads((home / STATE_FILE).read_text(encoding="utf-8"))
        pid, running_origin, addresses = int(state["pid"]), str(state["origin"]), dict(state["addresses"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (_alive(pid) and _answers(addresses.get("clock", ""))):
        return None
    if running_origin != origin:
        raise ConfigError(
            f"The sandbox that runs (process {pid}, {home / STATE_FILE}) is {running_origin}, not {origin}. "
            "Stop it, or select its world with sandbox=<name>."
        )
    return addresses


def _write(path: Path, text: str) -> None:
    """Write a file at once: readers see the old state or the new, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _answers(address: str) -> bool:
    """Whether a clock answers there, so that a recycled process number does not deceive."""
    if not (host := address.removeprefix("http://")):
        return False
    connection = http.client.HTTPConnection(host, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/now")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
