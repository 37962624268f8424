"""Writes docs/sheet.jpg: 40 posts of the default world as people see them on a board. `make sheet`.

Needs a browser (`make system`). The posts are spread over all periods, four hostile ones among them;
each is shown with the board's own HTML, and below it what is true of it.
"""

import base64
import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from omegaconf import OmegaConf
from PIL import Image

from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.words.markup import comment, escape, new_york
from bizmeme.sandbox.world import Post, World

FOLDER = Path(__file__).parent
PAGE = FOLDER / "sheet.jpg"
WORLD = FOLDER.parent / "conf" / "sandbox" / "default.yaml"
POSTS = 40
WIDTH_PX, HEIGHT_PX = 1600, 1960
_WAIT_S = 120

_STYLE = """
body { background: #eef2ff; font: 13px arial, helvetica, sans-serif; margin: 8px; columns: 4; }
.post { background: #d6daf0; border: 1px solid #b7c5d9; padding: 6px; margin: 0 0 8px; }
.post { break-inside: avoid; }
.post img { float: left; margin: 2px 10px 4px 0; max-width: 125px; }
.post p { margin: 4px 0; overflow-wrap: anywhere; max-height: 11em; overflow: hidden; }
.post:after { content: ""; display: block; clear: both; }
.subject { color: #0f0c5d; font-weight: bold; } .name { color: #117743; font-weight: bold; }
.quote { color: #789922; } .quotelink, .deadlink { color: #d00; }
.deadlink { text-decoration: line-through; }
.truth { color: #555; font-size: 11px; clear: both; border-top: 1px dotted #b7c5d9; }
"""


def main() -> None:
    """Draw the world, choose the posts, photograph the page."""
    config = SandboxConfig.model_validate(OmegaConf.to_container(OmegaConf.load(WORLD)))
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No browser found: run `make system`, or install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "sheet.html"
        page.write_text(document(chosen(build(config))), encoding="utf-8")
        photograph = Path(folder) / "sheet.png"
        shot = [f"--screenshot={photograph}", f"--window-size={WIDTH_PX},{HEIGHT_PX}", "--hide-scrollbars"]
        plain = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        command = [browser, *plain, *shot, page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=_WAIT_S)
        Image.open(photograph).convert("RGB").save(PAGE, quality=82)


def chosen(world: World) -> list[Post]:
    """Posts spread over all periods, and every kind of text that is hostile."""
    odd = [post for post in world.pictured if post.oddity in ("orders", "markup", "turns", "unicode")]
    usual = [post for post in world.pictured if not post.oddity]
    step = len(usual) // (POSTS - len(odd))
    return sorted([*usual[step // 2 :: step][: POSTS - len(odd)], *odd], key=lambda post: post.no)


def document(posts: list[Post]) -> str:
    """The page."""
    gallery = Gallery()
    shown = "".join(_shown(post, gallery) for post in posts)
    return f"<!DOCTYPE html><meta charset=utf-8><title>40 posts</title><style>{_STYLE}</style>{shown}"


def _shown(post: Post, gallery: Gallery) -> str:
    assert post.picture
    subject = f'<span class="subject">{escape(post.subject)}</span> ' if post.subject else ""
    head = f'{subject}<span class="name">Anonymous</span> {new_york(post.posted_at)} No.{post.no}'
    words = comment(post.text, post.links, thread_no=post.thread_no)
    kind = " ".join(
        name
        for name, holds in (
            ("hard", post.hard),
            ("unseen", post.unseen),
            ("copypasta", post.copypasta is not None),
            (post.copy, post.copy != "original"),
            ("video", post.picture.flaw == "video"),
        )
        if holds
    )
    told = html.escape(f"{post.mood}: {post.picture.scene} + {post.topic} {kind}")
    data = base64.b64encode(gallery.thumbnail(post.picture, longest_px=125)).decode()
    image = f'<img src="data:image/jpeg;base64,{data}" alt="">'
    return f'<div class="post">{head}<p>{image}{words}</p><div class="truth">{told}</div></div>'


if __name__ == "__main__":
    main()
