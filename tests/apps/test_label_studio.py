"""label-studio: starts a server of one's own, or says which one is used."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bizmeme.apps import label_studio as app
from bizmeme.errors import ServiceError
from bizmeme.shell.studio_server import USER, Studio, running, studio_of
from tests.s3 import free_port
from tests.stages.pipeline import bizmeme

if TYPE_CHECKING:
    from tests.studio import RealStudio

SOURCES = Path(__file__).parents[2] / "src"
PATIENCE_S = 300
PASSWORD = re.compile(r"^  password +(\S+)$", re.MULTILINE)


@contextmanager
def launched(home: Path, program: Path, *options: str) -> Iterator[list[str]]:
    """The command in a process of its own, once it serves; the lines that it has said so far."""
    command = [sys.executable, "-m", "bizmeme", "label-studio", "--program", str(program), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"BIZMEME_HOME": str(home), "PYTHONPATH": str(SOURCES), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout
    said: list[str] = []
    try:
        for each in process.stdout:
            said.append(each)
            if each.startswith("Ctrl-C"):
                break
        yield said
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_S)
        said.append(rest)


@pytest.fixture(scope="module")
def program() -> Path:
    from tests.studio import prepared, program_of

    return program_of(prepared())


@pytest.fixture
def home(tmp_path: Path, program: Path) -> Path:
    """A folder whose first start was interrupted before its password was shown and its token stored."""
    studio = studio_of(tmp_path)
    shutil.copytree(program.parents[1] / "started", studio.folder)
    studio.token.unlink()
    return tmp_path


@pytest.mark.slow
def test_the_first_start_shows_a_password_once_and_keeps_a_token_that_works(
    home: Path, program: Path
) -> None:
    from label_studio_sdk import LabelStudio

    port = str(free_port())
    with launched(home, program, "--port", port) as said:
        studio = studio_of(home)
        assert studio.token.stat().st_mode & 0o777 == 0o600
        token = studio.token.read_text().strip()
        client = LabelStudio(base_url=f"http://127.0.0.1:{port}", api_key=token)
        assert client.users.whoami().email == USER
        assert client.jwt_settings.get().legacy_api_tokens_enabled is False
        twice = bizmeme("label-studio", cwd=home, BIZMEME_HOME=str(home))
        assert f"runs already, at http://127.0.0.1:{port}" in twice.stdout
        assert twice.returncode == 0
    (password,) = PASSWORD.findall("".join(said))
    assert said[-1].strip().endswith("What was labelled is kept.")
    assert running(studio) is None
    assert not holds(studio.folder, password)
    with launched(home, program, "--port", port) as said:
        assert LabelStudio(base_url=f"http://127.0.0.1:{port}", api_key=token).users.whoami().email == USER
    assert not PASSWORD.findall("".join(said))


@pytest.mark.parametrize("options", [[], ["--new-password"]])
def test_only_where_asked_a_later_start_sets_another_password(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studio = studio_of(tmp_path)
    studio.folder.mkdir()
    studio.token.write_text("the old one")
    given: list[str | None] = []

    @contextmanager
    def serving(*_: object, port: int, password: str | None) -> Iterator["subprocess.Popen[bytes]"]:
        given.append(password)
        with subprocess.Popen("true") as process:
            yield process

    monkeypatch.setenv("BIZMEME_HOME", str(tmp_path))
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # ours stay as they are
    monkeypatch.setattr(app, "serving", serving)
    monkeypatch.setattr(app, "personal_token", lambda *_, **__: "a new one")
    studio.log.write_text("stopped by somebody\n")
    with pytest.raises(ServiceError, match=r"(?s)ended with status 0.*stopped by somebody"):
        app.main(["--program", sys.executable, *options])
    shown = PASSWORD.findall(capsys.readouterr().out)
    assert shown == [each for each in given if each is not None]
    assert len(shown) == len(options)
    assert studio.token.read_text().strip() == ("a new one" if options else "the old one")


def holds(folder: Path, words: str) -> bool:
    """Whether any file holds these words."""
    return any(words.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        options = ["--program", sys.executable, "--port", str(port)]
        done = bizmeme("label-studio", *options, cwd=tmp_path, BIZMEME_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"ConfigError: Port {port} of 127.0.0.1 is taken by another program" in done.stderr
    assert f"make label-studio PORT={port + 1}" in done.stderr


def test_a_program_that_does_not_come_up_is_quoted(tmp_path: Path) -> None:
    broken = tmp_path / "program"
    broken.write_text("#!/bin/sh\necho no such module; exit 3\n")
    broken.chmod(0o755)
    options = ["--program", str(broken), "--port", str(free_port())]
    done = bizmeme("label-studio", *options, cwd=tmp_path, BIZMEME_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "ServiceError: Label Studio ended with status 3." in done.stderr
    assert "no such module" in done.stderr
    assert running(Studio(tmp_path / "label-studio")) is None


def test_without_label_studio_the_message_names_what_installs_it(tmp_path: Path) -> None:
    done = bizmeme("label-studio", cwd=tmp_path, BIZMEME_HOME=str(tmp_path), PATH="/nowhere")
    assert done.returncode == 1
    assert "`make label-studio` installs and starts it." in done.stderr


@pytest.mark.slow
def test_a_server_that_is_named_is_checked_and_none_is_started(
    real_studio: "RealStudio", tmp_path: Path
) -> None:
    named = {"LABEL_STUDIO_URL": real_studio.base_url + "/", "BIZMEME_HOME": str(tmp_path)}
    done = bizmeme("label-studio", cwd=tmp_path, LABEL_STUDIO_API_KEY=real_studio.token, **named)
    assert done.returncode == 0, done.stderr
    assert f"answers and knows {USER}: it is used" in done.stdout
    wrong = bizmeme("label-studio", cwd=tmp_path, LABEL_STUDIO_API_KEY="wrong.key.secret", **named)
    assert wrong.returncode == 1
    assert "401" in wrong.stderr
    assert "wrong.key.secret" not in wrong.stderr
    assert "LABEL_STUDIO_API_KEY is not set" in bizmeme("label-studio", cwd=tmp_path, **named).stderr
    assert list(tmp_path.iterdir()) == []
