"""Pictures of imported posts, fetched from the board's host: each once, and only where one is lacking."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors.imported import build
from bizmeme.errors import ServiceError
from bizmeme.ports.imports import ImportedPicture, ImportedPost
from bizmeme.sandbox.building import build as build_world
from bizmeme.sandbox.process import running
from bizmeme.sandbox.world import Post
from bizmeme.shell.collecting import Collecting, Means, Progress
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore, media_folder
from bizmeme.shell.raw import Raw
from bizmeme.sources.imported import Config
from bizmeme.tables.raw import RawFiles
from tests.sandbox.conftest import load

CONF = Path(__file__).parents[2] / "conf" / "collect" / "default.yaml"
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF))
SMALL = load("small")
SHOWN = [
    post
    for thread in build_world(SMALL).live
    for post in thread.posts
    if post.picture and not post.oddity and post.picture.ext == ".jpg"
][:4]


def imported(post: Post, path: str | None) -> ImportedPost:
    return ImportedPost(
        "biz", post.no, post.thread_no, post.posted_at, "", post.text, None, None, banned=False,
        file_deleted=False, tim=post.tim, media_md5=None, media_ext=".jpg", media_path=path, picture=None,
        extra={},
    )  # fmt: skip


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, str]]:
    with running(SMALL) as found:
        yield found


def fetch(home: Path, media_url: str, clock_url: str) -> Counter[str]:
    """One round; its counts."""
    how = Collecting.model_validate(VALUES | {"kinds": ["thumbnail", "file"]})
    manners = how.manners.model_copy(update={"tries": 2})
    told: list[Progress] = []

    async def run() -> None:
        clock = SimulatedClock(clock_url)
        with open_journal(home, "world") as journal:
            async with visiting(manners, home / "hosts") as visit, clock.session() as timer:
                means = Means(visit, journal, MediaStore(media_folder(home, "world")), timer)
                config = Config(name="imported", board="biz", media_url=media_url)
                await build(config).collect(means, how, told.append)

    asyncio.run(run())
    return told[-1].counts


def test_what_is_lacking_comes_once_and_stands_in_the_view(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    first, second, gone, brought = SHOWN
    posts = [imported(post, f"/biz/{post.tim}.jpg") for post in (first, second, brought)]
    posts.append(imported(gone, "/biz/1.jpg"))
    with open_journal(tmp_path, "world") as journal:
        journal.imports.add_posts(posts)
        journal.imports.add_pictures([ImportedPicture("biz", brought.no, b"its own")])
    counts = fetch(tmp_path, addresses["media"], addresses["clock"])
    assert (counts["file ok"], counts["file gone"]) == (4, 2)  # a thumbnail and a whole file each
    assert fetch(tmp_path, addresses["media"], addresses["clock"])["files"] == 0
    with open_journal(tmp_path, "world") as journal:
        store = MediaStore(media_folder(tmp_path, "world"))
        (files,) = Raw(journal, store, {"imported": "biz"}).batches(RawFiles)
    assert Counter(files["status"]) == {"ok": 5, "gone": 2}
    assert f"biz/{brought.no}" in set(files["key"])


def test_a_dead_host_is_a_message_and_what_is_wanted_stays_so(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    with open_journal(tmp_path, "world") as journal:
        journal.imports.add_posts([imported(post, f"/biz/{post.tim}.jpg") for post in SHOWN])
    with pytest.raises(ServiceError, match="did not answer"):
        fetch(tmp_path, "http://127.0.0.1:9", addresses["clock"])
    assert fetch(tmp_path, addresses["media"], addresses["clock"])["file ok"] == 8
