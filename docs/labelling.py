"""Writes docs/labelling.png: the labelling screen of a real Label Studio in a real browser. `make labelling`.

Starts a server in a folder of its own (up to two minutes), gives it some posts of the simulated board, and
chooses a label for the first one. Needs a browser (`make system`).
"""

import base64
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from label_studio_sdk import LabelStudio
from playwright.sync_api import sync_playwright

from bizmeme.core.labelling_screen import screen
from bizmeme.core.vocabulary import Labels
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.shell.studio_accounts import personal_token
from bizmeme.shell.studio_server import USER, Studio, address, serving

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "labelling.png"
PASSWORD = "shown-to-nobody"
POSTS = 12
_LONGEST_PX = 512
_WAIT_MS = 120_000


def main(program: Path) -> None:
    """Start the server, give it posts, photograph the screen."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No browser found: run `make system`, or install chromium.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(program, Studio(Path(folder) / "studio"), port=port, password=PASSWORD),
    ):
        url = address(port)
        client = LabelStudio(base_url=url, api_key=personal_token(url, user=USER, password=PASSWORD))
        photograph(url, project(client), browser)


def project(client: Any) -> int:
    """A project with some posts; its number."""
    words = yaml.safe_load((ROOT / "conf" / "labels" / "mood.yaml").read_text())
    markup = screen(Labels.model_validate(words["labels"]), words["guideline"], blur=False)
    made = client.projects.create(
        title="bizmeme gold first", label_config=markup, sampling="Sequential sampling", maximum_annotations=1
    )
    client.projects.import_tasks(id=made.id, request=[{"data": each} for each in posts()])
    return int(made.id)


def posts() -> Iterator[dict[str, object]]:
    """Posts of the default world as tasks: with a subject, and of a few lines."""
    world = build(
        SandboxConfig.model_validate(yaml.safe_load((ROOT / "conf/sandbox/default.yaml").read_text()))
    )
    gallery = Gallery()
    usual = [
        post
        for post in world.pictured
        if not post.oddity and post.subject and post.text.count("\n") in (2, 3)
    ]
    for post in usual[:: len(usual) // POSTS][:POSTS]:
        assert post.picture
        data = base64.b64encode(gallery.thumbnail(post.picture, longest_px=_LONGEST_PX)).decode()
        image = f"data:image/jpeg;base64,{data}"
        yield {"image": image, "subject": post.subject, "text": post.text, "board": "biz", "no": post.no}


def photograph(url: str, number: int, browser: str) -> None:
    """The first post, with a label chosen."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = opened.new_page(viewport={"width": 1300, "height": 700})
        page.set_default_timeout(_WAIT_MS)
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{url}/")
        page.goto(f"{url}/projects/{number}/data?labeling=1")
        page.wait_for_function("document.querySelector('.picture img')?.naturalWidth > 1")
        page.keyboard.press("3")
        page.wait_for_timeout(2000)  # until everything has faded in
        page.screenshot(path=PICTURE)
        opened.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
