"""S3 servers on loopback, from two makers; both check credentials."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUCKET = "bizmeme"  # as .dvc/config names it
KEY, SECRET = "loopback-key", "loopback-secret-0123456789"
MAKERS = ("nanio", "rclone")
_START_S = 60.0


@contextmanager
def serving(maker: str, folder: Path) -> Iterator[dict[str, str]]:
    """A server with an empty bucket while the block lasts; yields the environment of its clients."""
    (folder / "data" / BUCKET).mkdir(parents=True)
    port = free_port()
    command, own = _COMMANDS[maker](folder, port)
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log)
    try:
        _wait(port, server)
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
    finally:
        server.terminate()
        server.wait(60)


def _nanio(folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    options = ["--data-dir", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
    return [_program("nanio"), "serve", *options], {"NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET}


def _rclone(folder: Path, port: int) -> tuple[list[str], dict[str, str]]:
    options = ["--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}"]
    kept = ["--vfs-cache-mode", "writes", "--cache-dir", str(folder / "cache"), "--config", os.devnull]
    return [_program("rclone"), "serve", "s3", str(folder / "data"), *options, *kept], {}


_COMMANDS = {"nanio": _nanio, "rclone": _rclone}


def _program(name: str) -> str:
    """Of this virtual environment, on the path or not."""
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    """One of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"no S3 server came up on port {port} (exit status {server.poll()})")
