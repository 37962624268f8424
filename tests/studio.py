"""The real Label Studio for tests: installed and first started once for its lock; one server a session.

`python -m tests.studio` prepares both, some minutes; tests that come meanwhile wait for it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from bizmeme.shell.studio_accounts import personal_token, store_token
from bizmeme.shell.studio_server import USER, Studio, address, serving
from tests.s3 import free_port

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements-label-studio.lock"
PASSWORD = "known-to-tests-alone"


def prepared() -> Path:
    """The virtual environment; in it `started`, the folder of a server after its first start."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bizmeme"
    cache.mkdir(parents=True, exist_ok=True)
    venv = cache / f"label-studio-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    with venv.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        variables = [f"LABEL_STUDIO_VENV={venv}", f"PYTHON={sys.executable}"]
        subprocess.run(["make", "label-studio-venv", *variables], cwd=ROOT, env=plain, check=True)
        if not (venv / "started").exists():
            _start_once(venv)
    return venv


def _start_once(venv: Path) -> None:
    """Two minutes, nearly all of them for making the database."""
    studio = Studio(venv / "half")
    shutil.rmtree(studio.folder, ignore_errors=True)
    port = free_port()
    with serving(program_of(venv), studio, port=port, password=PASSWORD):
        store_token(studio.token, personal_token(address(port), user=USER, password=PASSWORD))
    studio.folder.rename(venv / "started")


def program_of(venv: Path) -> Path:
    """Label Studio's command."""
    return venv / "bin" / "label-studio"


class RealStudio:
    """A server and its owner's access token."""

    def __init__(self, venv: Path, studio: Studio) -> None:
        shutil.copytree(venv / "started", studio.folder)
        self.studio = studio
        self.port = free_port()
        self.base_url = address(self.port)
        self.user, self.password = USER, PASSWORD
        self.token = studio.token.read_text().strip()
        self._program = program_of(venv)
        self._life = ExitStack()
        self.start()

    def start(self) -> None:
        """With what it held, also after a kill; five seconds."""
        server = serving(self._program, self.studio, port=self.port, password=None)
        self._process = self._life.enter_context(server)

    def kill(self) -> None:
        """As kill -9 does, at once."""
        self._process.kill()
        self._life.close()

    def stop(self) -> None:
        """For good."""
        self._life.close()

    def client(self, token: str | None = None) -> Any:
        """The vendor's SDK, for the owner or for whose token is given."""
        from label_studio_sdk import LabelStudio

        return LabelStudio(base_url=self.base_url, api_key=token or self.token)

    def make_user(self, email: str, password: str) -> str:
        """Sign up by the owner's invitation, as a second annotator does; their access token."""
        with httpx.Client(base_url=self.base_url, trust_env=False) as client:
            access = client.post("/api/token/refresh/", json={"refresh": self.token}).json()["access"]
            invited = client.get("/api/invite", headers={"Authorization": f"Bearer {access}"})
            invitation = str(invited.json()["invite_url"])
            client.cookies.clear()  # from here on a stranger's
            client.get(invitation).raise_for_status()
            form = {"csrfmiddlewaretoken": client.cookies["csrftoken"], "email": email, "password": password}
            answer = client.post(invitation, data=form, headers={"Referer": self.base_url})
            assert answer.is_redirect, answer.text
        return personal_token(self.base_url, user=email, password=password)


@contextmanager
def running(folder: Path) -> Iterator[RealStudio]:
    """A server of its own for a test that kills it; `folder` must not exist yet."""
    server = RealStudio(prepared(), Studio(folder))
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    prepared()
