"""A file's way to its end: asked for once, once more after a mishap, and never kept where it is bad."""

import asyncio
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bizmeme.core.files import Pending, Status, Wanted
from bizmeme.errors import ServiceError, TooLongError
from bizmeme.shell.downloads import Media
from bizmeme.shell.file_notes import _SHARE, FileNotes
from bizmeme.shell.hosts import Answer
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.pictures import Caps

CAPS = Caps(max_pixels=10_000, max_memory_mib=64)
GOOD, BAD = Wanted("good", "file", "/biz/1.png"), Wanted("bad", "file", "/biz/2.png")


def encoded(size: tuple[int, int], kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


PICTURE = encoded((60, 40))
MOVING = encoded((60, 40), "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40), "blue")])
Reply = bytes | int | Exception


@dataclass
class Site:
    """A media host that says what a test tells it to, the last thing again and again."""

    says: dict[str, list[Reply]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    now: float = 0.0

    async def get(self, path: str, **_: Any) -> Answer:
        self.asked[path] += 1
        self.now += 1
        replies = self.says[path]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return Answer(path, 404, None, b"") if isinstance(reply, int) else Answer(path, 200, None, reply)


@dataclass
class Clock:
    site: Site

    async def now(self) -> float:
        return self.site.now

    async def sleep(self, seconds: float) -> None:
        self.site.now += seconds


@dataclass
class Bench:
    site: Site
    notes: FileNotes
    media: Media
    folder: Path

    def round(self) -> None:
        asyncio.run(self.media.fetch(until=self.site.now + 60))

    def to_the_end(self) -> None:
        for _ in range(8):
            self.round()

    def rows(self) -> dict[str, tuple[Status, str | None]]:
        return {key: (status, sha256) for key, _, _, status, sha256 in self.notes.files()}

    def stored(self) -> int:
        return sum(path.is_file() for path in self.folder.rglob("*"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with benched(tmp_path) as made:
        yield made


@contextmanager
def benched(home: Path) -> Iterator[Bench]:
    with open_journal(home, "real") as journal:
        site, notes, folder = Site(), FileNotes(journal, "board/biz"), home / "media"
        host: Any = site
        media = Media(host, notes, MediaStore(folder), Clock(site), caps=CAPS)
        media.want([GOOD, BAD])
        site.says[GOOD.path] = [PICTURE]
        yield Bench(site, notes, media, folder)


@pytest.mark.parametrize(
    ("reply", "status", "times"),
    [
        (404, "gone", 2),
        (b"", "empty", 2),
        (bytes(300), "null bytes", 2),
        (b"GIF, but no", "wrong type", 2),
        (PICTURE[:-30], "truncated", 2),
        (b"\x89PNG\r\n\x1a\n...", "broken", 2),
        (encoded((200, 100)), "too many pixels", 1),
        (encoded((600, 3)), "too narrow", 1),
        (TooLongError("4 MiB"), "too long", 1),
        (ServiceError("status 500"), "refused", 5),
    ],
)
def test_a_bad_file_ends_in_its_status_no_bytes_are_kept_and_others_come(
    bench: Bench, reply: Reply, status: Status, times: int
) -> None:
    bench.site.says[BAD.path] = [reply]
    bench.to_the_end()
    assert bench.rows()["bad"] == (status, None)
    assert bench.rows()["good"][0] == "ok"
    assert bench.site.asked == {GOOD.path: 1, BAD.path: times}
    assert bench.media.counts == {status: 1, "ok": 1}
    assert bench.stored() == 1


@pytest.mark.parametrize("first", [404, b"", bytes(300), PICTURE[:-30], ServiceError("busy")])
def test_a_mishap_is_made_good_by_the_second_answer(bench: Bench, first: Reply) -> None:
    bench.site.says[BAD.path] = [first, MOVING]
    bench.to_the_end()
    status, sha256 = bench.rows()["bad"]
    assert status == "ok"
    assert MediaStore(bench.folder).get(sha256 or "") == MOVING
    query = "SELECT width_px, height_px, animated FROM media ORDER BY key"
    assert bench.notes._database.execute(query).fetchall() == [(60, 40, 1), (60, 40, 0)]


def test_who_looks_once_asks_again_within_the_same_look(bench: Bench) -> None:
    bench.site.says[BAD.path] = [404]
    asyncio.run(bench.media.fetch(until=None))
    assert bench.rows()["bad"] == ("gone", None)


def test_a_host_that_fails_time_and_again_holds_a_walk_up_no_longer(bench: Bench) -> None:
    files = [Wanted(str(number), "file", f"/biz/{number}.png") for number in range(10, 20)]
    bench.media.want(files)
    bench.site.says |= {file.path: [ServiceError("busy")] for file in files}
    asyncio.run(bench.media.fetch_those(files))
    assert bench.site.asked.total() == 3
    assert bench.notes.pending(files[-1]) == Pending(files[-1])


def test_what_is_no_picture_is_not_asked_for(bench: Bench) -> None:
    video = Wanted("video", "file", "/biz/3.webm")
    bench.site.says[BAD.path] = [PICTURE]
    bench.media.want([video, Wanted("video", "file", "/biz/4.webm")])
    bench.to_the_end()
    assert bench.rows()["video"] == ("video", None)
    assert bench.site.asked[video.path] == 0


SMALL = Wanted("md5", "thumbnail", "/biz/8s.jpg", longest_px=125)
LARGE = Wanted("md5", "thumbnail", "/biz/7s.jpg", longest_px=250)
PICTURES = {SMALL.path: encoded((100, 64), "JPEG"), LARGE.path: encoded((120, 80), "JPEG")}


def thumbnail(bench: Bench) -> tuple[str, str, bytes | None]:
    """Path, status and bytes of the thumbnail."""
    ((path, status, sha256),) = (row[2:] for row in bench.notes.files() if row[0] == "md5")
    return path, status, MediaStore(bench.folder).get(sha256) if sha256 else None


@settings(deadline=None)
@given(st.permutations(["small", "large", "round", "round"]))
def test_the_larger_thumbnail_of_one_picture_is_held_in_the_end_whichever_post_came_first(
    order: list[str],
) -> None:
    with tempfile.TemporaryDirectory() as home, benched(Path(home)) as bench:
        bench.site.says |= {BAD.path: [PICTURE], **{path: [data] for path, data in PICTURES.items()}}
        for step in [*order, "round"]:
            if step == "round":
                bench.round()
            else:
                bench.media.want([SMALL if step == "small" else LARGE])
        assert thumbnail(bench) == (LARGE.path, "ok", PICTURES[LARGE.path])
        small, large = order.index("small"), order.index("large")
        needed = "round" in order[small:large]
        assert bench.site.asked.total() == 2 + 1 + needed  # two others, the larger, the smaller if it was all


@pytest.mark.parametrize("reply", [404, bytes(9), ServiceError("busy"), TooLongError("4 MiB")])
def test_a_larger_thumbnail_that_cannot_be_had_leaves_the_smaller_one(bench: Bench, reply: Reply) -> None:
    bench.site.says |= {BAD.path: [PICTURE], SMALL.path: [PICTURES[SMALL.path]], LARGE.path: [reply]}
    bench.media.want([SMALL])
    bench.round()
    bench.media.want([LARGE])
    bench.to_the_end()
    assert thumbnail(bench) == (LARGE.path, "ok", PICTURES[SMALL.path])
    asked = bench.site.asked[LARGE.path]
    bench.media.want([LARGE, SMALL])
    bench.to_the_end()
    assert bench.site.asked[LARGE.path] == asked


MD5 = "9q0a9DEJBTtwsfyKZmzJpA=="


@pytest.mark.parametrize(
    ("theirs", "ours", "shared"),
    [
        (Wanted(MD5, "file", "/biz/1.png"), Wanted(MD5, "file", "/data/biz/img/1.png"), True),
        (Wanted(MD5, "thumbnail", "/biz/1s.jpg", 250), Wanted(MD5, "thumbnail", "/data/1s.jpg", 125), True),
        (Wanted(MD5, "thumbnail", "/biz/1s.jpg", 125), Wanted(MD5, "thumbnail", "/data/1s.jpg", 250), False),
        (Wanted(MD5, "thumbnail", "/biz/1s.jpg", 250), Wanted(MD5, "file", "/data/1.png"), False),
        (Wanted("/biz/1.png", "file", "/biz/1.png"), Wanted("/biz/1.png", "file", "/biz/1.png"), False),
    ],
)
def test_what_another_source_holds_under_the_same_md5_is_held(
    bench: Bench, theirs: Wanted, ours: Wanted, shared: bool
) -> None:
    bench.site.says |= {BAD.path: [PICTURE], theirs.path: [MOVING], ours.path: [PICTURE]}
    other = FileNotes(bench.notes._journal, "warosu/biz")
    other.note([ours])
    assert other.pending(ours) is not None  # nobody holds it yet
    bench.media.want([theirs])
    bench.round()
    other.note([ours])
    rows = list(other._database.execute("SELECT sha256, animated FROM media WHERE source = 'warosu/biz'"))
    if shared:
        assert rows == [(bench.rows()[theirs.key][1], True)]
    else:
        assert rows == [(None, None)]
        assert other.pending(ours) == Pending(ours)


def test_looking_for_what_others_hold_reads_no_whole_table(bench: Bench) -> None:
    plan = bench.notes._database.execute("EXPLAIN QUERY PLAN " + _SHARE, ("a", "b", "file")).fetchall()
    assert not [step[-1] for step in plan if step[-1].startswith("SCAN")]
