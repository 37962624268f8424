"""A Label Studio of one's own: in its own virtual environment, on loopback, all it writes in one folder.

    with serving(program, studio_of(home), port=8080, password=None) as process:
        process.wait()                        # meanwhile it answers at address(8080)

Telemetry, the check for newer versions, legacy tokens and signing up without an invitation are off. The
folder holds the database, the pictures, the log and the access token.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from bizmeme.errors import ConfigError, ServiceError
from bizmeme.shell.progress import line

USER = "labeller@localhost"
"""The person who owns the server; others sign up by an invitation of theirs."""

_HOST = "127.0.0.1"
_START_S, _STOP_S, _POLL_S = 900, 30, 0.25
_LAST_WORDS = 12
# Of the caller's environment; anything else, as HOST or DEBUG, could change the server.
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_FILE", "TMPDIR", "TZ", "XDG_CACHE_HOME")
_SETTINGS = {
    "COLLECT_ANALYTICS": "false",
    "FRONTEND_SENTRY_DSN": "",
    "SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "false",
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Studio:
    """The folder of a server of ours, and what lies in it."""

    folder: Path

    @property
    def data(self) -> Path:
        """Database, settings and uploads: Label Studio's own."""
        return self.folder / "data"

    @property
    def files(self) -> Path:
        """Pictures that tasks name by /data/local-files/?d=…: its document root."""
        return self.folder / "files"

    @property
    def token(self) -> Path:
        """The personal access token of USER, mode 0600."""
        return self.folder / "token"

    @property
    def log(self) -> Path:
        """What the server said since it was last started."""
        return self.folder / "log.txt"

    @property
    def is_new(self) -> bool:
        """Whether its database has still to be made."""
        return not (self.data / "label_studio.sqlite3").exists()


@dataclass(frozen=True, slots=True)
class Server:
    """A running one."""

    address: str
    pid: int


def studio_of(home: Path) -> Studio:
    """The one below $BIZMEME_HOME."""
    return Studio(home / "label-studio")


def running(studio: Studio) -> Server | None:
    """The server that uses this folder; None where there is none. Raises ConfigError while one comes up."""
    try:
        with (studio.folder / "server.json").open() as told:
            try:
                fcntl.flock(told, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if not (known := told.read()):
                    raise _in_use(studio) from None
                return Server(**json.loads(known))
    except FileNotFoundError:
        pass
    return None


def address(port: int) -> str:
    """Where a server of ours answers."""
    return f"http://{_HOST}:{port}"


@contextmanager
def serving(
    program: Path, studio: Studio, *, port: int, password: str | None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that answers, while the block lasts; a `password` is set for USER, whom it makes if need be.

    The lock on server.json is the server's too: it outlives a killed launcher exactly as long as the server
    does. Raises ConfigError where the folder or the port is taken, ServiceError where it does not come up.
    """
    studio.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    studio.files.mkdir(exist_ok=True)
    with (studio.folder / "server.json").open("a+") as lock:
        _claim(lock, studio)
        _check_free(port)
        if password is not None and not studio.is_new:
            _set_password(program, studio, password)
        process = _start(program, studio, port, password, lock)
        try:
            lock.write(json.dumps({"address": address(port), "pid": process.pid}))
            lock.flush()
            _wait(process, address(port), studio)
            yield process
        finally:
            _stop(process)


def _claim(lock: IO[str], studio: Studio) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _in_use(studio) from None
    lock.truncate(0)


def _in_use(studio: Studio) -> ConfigError:
    return ConfigError(
        f"Another process is starting Label Studio in {studio.folder}: wait for it, or stop it."
    )


def _check_free(port: int) -> None:
    """Label Studio itself would silently take another port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} of {_HOST} is taken by another program ({error.strerror}). Stop that one, or "
                f"name another port: --port {port + 1} (make label-studio PORT={port + 1})."
            ) from None


def environment(studio: Studio, password: str | None = None) -> dict[str, str]:
    """What Label Studio is told; the names that it knows stand in its core/settings/base.py."""
    told = {name: os.environ[name] for name in _KEPT if name in os.environ} | _SETTINGS
    told["LABEL_STUDIO_BASE_DATA_DIR"] = str(studio.data)
    told["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"] = str(studio.files.resolve())
    if password is not None:  # by the environment, since everybody can read a command line
        told |= {"LABEL_STUDIO_USERNAME": USER, "LABEL_STUDIO_PASSWORD": password}
    return told


def _set_password(program: Path, studio: Studio, password: str) -> None:
    """For USER, if a start that was interrupted has made them; without a terminal it asks standard input."""
    with line() as say:
        say("Label Studio sets a new password …")
        subprocess.run(
            [program, "reset_password", "--username", USER],
            input=f"{password}\n",
            env=environment(studio),
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,  # it never fails; a password that was not set does not let anybody in
        )


def _start(
    program: Path, studio: Studio, port: int, password: str | None, lock: IO[str]
) -> "subprocess.Popen[bytes]":
    command = [str(program), "start", "--no-browser", "--internal-host", _HOST, "--port", str(port)]
    with studio.log.open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment(studio, password),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            start_new_session=True,  # Ctrl-C is ours, which then stops it
        )


def _wait(process: "subprocess.Popen[bytes]", url: str, studio: Studio) -> None:
    started_s = time.monotonic()
    with line() as say:
        while (passed_s := time.monotonic() - started_s) < _START_S:
            if process.poll() is not None:
                raise ended(process, studio)
            if _answers(url):
                return
            say(f"Label Studio is starting, for the first time in about two minutes … {passed_s:.0f} s")
            time.sleep(_POLL_S)
    raise _silent(f"did not answer within {_START_S} seconds", studio)


def ended(process: "subprocess.Popen[bytes]", studio: Studio) -> ServiceError:
    """What to raise where a server has ended by itself."""
    return _silent(f"ended with status {process.returncode}", studio)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _silent(what: str, studio: Studio) -> ServiceError:
    last = "\n".join(studio.log.read_text(errors="replace").splitlines()[-_LAST_WORDS:])
    return ServiceError(f"Label Studio {what}. Its last words, in full in {studio.log}:\n{last}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            continue
        return
