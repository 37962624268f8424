"""Who uses a server's folder, while it comes up, runs, and when its launcher was killed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bizmeme.errors import ConfigError
from bizmeme.shell.studio_server import Studio, address, running, serving
from tests.s3 import free_port

SOURCES = Path(__file__).parents[2] / "src"
# Answers like Label Studio, at the port it is told; the folder's lock stays with it.
STAND_IN = f"""#!{sys.executable}
import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[-1])), Health).serve_forever()
"""


LAUNCHER = """
import os, sys
from pathlib import Path
from bizmeme.shell.studio_server import Studio, serving
program, folder, port = sys.argv[1:]
with serving(Path(program), Studio(Path(folder)), port=int(port), password=None):
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    program = tmp_path / "label-studio"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    return program


def test_a_folder_has_one_server_at_a_time_and_tells_which(stand_in: Path, tmp_path: Path) -> None:
    studio, port = Studio(tmp_path / "home"), free_port()
    assert running(studio) is None
    with serving(stand_in, studio, port=port, password=None) as process:
        found = running(studio)
        assert found is not None
        assert (found.address, found.pid) == (address(port), process.pid)
        with (
            pytest.raises(ConfigError, match="Another process"),
            serving(stand_in, studio, port=free_port(), password=None),
        ):
            pass
    assert running(studio) is None
    assert process.returncode is not None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_server_whose_launcher_was_killed_is_still_found(stand_in: Path, tmp_path: Path) -> None:
    studio, port = Studio(tmp_path / "home"), free_port()
    arguments = [str(stand_in), str(studio.folder), str(port)]
    env = os.environ | {"PYTHONPATH": str(SOURCES)}
    killed = subprocess.run([sys.executable, "-c", LAUNCHER, *arguments], env=env, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    left = running(studio)
    assert left is not None
    assert left.address == address(port)
    os.kill(left.pid, signal.SIGKILL)
