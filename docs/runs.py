"""Writes docs/runs.png: a sweep's and a queue's runs side by side in MLflow, in a real browser. `make runs`.

Makes a small project of its own, runs it, queues two experiments, sweeps two more values by hand, and opens
MLflow's comparison. Needs a browser (`make system`); a few CPU-minutes.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "runs.png"
COMMANDS = (
    "git config user.name bizmeme && git config user.email docs@example.org",
    "git add --all && git commit --quiet --message start",
    "dvc repro",
    "git add --all && git commit --quiet --message 'first run'",
    "dvc exp run --queue -S 'train.lora.r=4,16'",
    "dvc exp run --run-all --jobs 1",
    "bizmeme train -m experiment=small train.lora.r=8 train.learning_rate=1e-3,6e-3",
)
_WAIT_S = 120


def main() -> None:
    """Make the runs, photograph their comparison."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No browser found: run `make system`, or install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        subprocess.run([ROOT / ".ci" / "clone", project], check=True)
        for command in COMMANDS:
            subprocess.run(command, shell=True, check=True, cwd=project)
        with serving(project) as address:
            photograph(address, browser)


@contextmanager
def serving(project: Path) -> Iterator[str]:
    """`mlflow ui` on the project's database; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    store = f"sqlite:///{project / '.bizmeme' / 'mlflow.db'}"
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--backend-store-uri",
        store,
        "--port",
        port,
        "--workers",
        "1",
    ]
    quiet = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    server = subprocess.Popen([*command, "--host", "127.0.0.1"], env=quiet, start_new_session=True)
    try:
        wait(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 15)  # it starts workers of its own
        server.wait(_WAIT_S)


def wait(url: str) -> None:
    """Return once the server answers."""
    for _ in range(_WAIT_S):
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(1)
        else:
            return
    sys.exit(f"{url} does not answer.")


def photograph(address: str, browser: str) -> None:
    """The table of runs, every one ticked, with parameters and scores in columns."""
    query = (
        "searchFilter=&orderByKey=metrics.%60test.student.accuracy%60&orderByAsc=false&compareRunsMode=CHART"
    )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page(viewport={"width": 2000, "height": 900})
        page.goto(f"{address}/#/experiments/1/runs?workflowType=machine_learning&{query}")
        page.wait_for_selector("text=tiny r16", timeout=_WAIT_S * 1000)
        page.wait_for_timeout(8000)  # its charts draw themselves in
        less_the_assistant = {"x": 0, "y": 0, "width": 1486, "height": 900}
        page.screenshot(path=PICTURE, clip=less_the_assistant)
        opened.close()


if __name__ == "__main__":
    main()
