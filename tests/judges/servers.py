"""llmock and aimock, both MIT: vision APIs that go wrong on demand and note what a client does then."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from tests.s3 import free_port

Vendor = Literal["openai", "gemini"]
VENDORS: tuple[Vendor, ...] = ("openai", "gemini")
ROOT = Path(__file__).parents[2]
_START_S = 60.0


def environment() -> Path:
    """Where `make judges` has put both; skips where it has not run."""
    venv = Path(os.environ.get("JUDGES_VENV") or ROOT / ".venv-judges")
    if not any(venv.glob("installed-*")):
        pytest.skip(f"{venv.name} is not there: `make judges` makes it")
    return venv


@dataclass(frozen=True)
class LlMock:
    """llmock, a server with scripted faults and a verdict on the client."""

    url: str

    def base_url(self, vendor: Vendor) -> str:
        """As a client is given it."""
        return self.url + {"openai": "/v1", "gemini": "/gemini"}[vendor]

    def script(self, *behaviors: Mapping[str, object]) -> None:
        """What happens to the next requests; the verdict starts anew."""
        httpx2.post(f"{self.url}/_llmock/reset").raise_for_status()
        body = {"behaviors": list(behaviors)}
        httpx2.post(f"{self.url}/_llmock/scenario", json=body).raise_for_status()

    def verdict(self) -> dict[str, Any]:
        """Calls, attempts and findings so far."""
        return dict(httpx2.get(f"{self.url}/_llmock/verdict").raise_for_status().json())

    def left(self) -> int:
        """Scripted behaviours that nobody has met."""
        return len(httpx2.get(f"{self.url}/_llmock/scenario").raise_for_status().json()["pending"])


@dataclass(frozen=True)
class AiMock:
    """aimock, a server with faults by chance and a journal of every request."""

    url: str

    def base_url(self, vendor: Vendor) -> str:
        """As a client is given it."""
        return self.url + {"openai": "/v1", "gemini": ""}[vendor]

    def statuses(self) -> dict[str, list[int]]:
        """By the request's body, the status of each answer, in order."""
        told: dict[str, list[int]] = {}
        for entry in httpx2.get(f"{self.url}/__aimock/journal").raise_for_status().json():
            told.setdefault(json.dumps(entry["body"], sort_keys=True), []).append(entry["response"]["status"])
        return told


@contextmanager
def llmock(folder: Path) -> Iterator[LlMock]:
    """A server while the block lasts."""
    port = free_port()
    program = environment() / "bin" / "llmock"
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with _running(command, folder, health=f"http://127.0.0.1:{port}/health"):
        yield LlMock(f"http://127.0.0.1:{port}")


@contextmanager
def aimock(folder: Path, *, reply: str, refused: float) -> Iterator[AiMock]:
    """A server while the block lasts, whose every answer is `reply`; a share of requests meets 429."""
    port = free_port()
    fixtures = folder / "fixtures.json"
    fixtures.write_text(json.dumps({"fixtures": [{"match": {}, "response": {"content": reply}}]}))
    # The package's second command, an old name of its own; `aimock` itself takes no rates.
    program = environment() / "node_modules" / ".bin" / "llmock"
    options = ["--host", "127.0.0.1", "--port", str(port), "--fixtures", str(fixtures), "--journal-max", "0"]
    command = [str(program), *options, "--chaos-ratelimit", str(refused), "--log-level", "warn"]
    with _running(command, folder, health=f"http://127.0.0.1:{port}/health"):
        yield AiMock(f"http://127.0.0.1:{port}")


@contextmanager
def _running(command: Sequence[str], folder: Path, *, health: str) -> Iterator[None]:
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(health, server, folder / "log.txt")
        yield
    finally:
        server.terminate()
        server.wait(60)


def _wait(health: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx2.get(health).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{server.args!r} did not start: {log.read_text()[-500:]}")
