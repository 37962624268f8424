"""What the archive holds: the world's posts, some that the board has lost, and some that it never had.

    archive.excerpt(60_000_412, now)      every post of a thread up to now, as entries

Of posts that were deleted from the board it kept most. A few threads have ghosts, written by its own
visitors. Of some files it has only the thumbnail. Stamps of the world's first two periods are New York's.
"""

from bisect import bisect_right
from dataclasses import replace
from functools import cached_property

from bizmeme.sandbox.board_json import filename, thumbnail_px
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import digest, share, stream
from bizmeme.sandbox.drafts import DAY_S, begins_at
from bizmeme.sandbox.fuuka.entries import Entry, Excerpt, File, Kept
from bizmeme.sandbox.pictures.gallery import Gallery, thumbnail_size
from bizmeme.sandbox.words.wording import Saying, compose
from bizmeme.sandbox.world import Deleted, Post, World

THREADS_A_PAGE = 20
LAST_REPLIES = 5
_OLD_PERIODS = 2
_KEPT_SHARE = 0.7  # of deleted posts
_GHOST_SHARE = 0.1  # of threads
_EMAIL_SHARE = 0.02  # of posters
_EMAILS = ("sage@example.com", "anon@example.org", "deals@exchange")
_FILES: tuple[tuple[Kept, float], ...] = (("nowhere", 0.01), ("elsewhere", 0.02), ("redirect", 0.03))


class Archive:
    """The archive of one world; words and files are drawn when they are asked for."""

    def __init__(self, config: SandboxConfig, world: World, gallery: Gallery) -> None:
        self._world = world
        self._gallery = gallery
        old = sum(period.days for period in config.world.periods[:_OLD_PERIODS])
        self.converted_from = begins_at(config) + old * DAY_S
        self._numbers = sorted(world.threads)
        self._opened = [world.threads[no].posts[0].posted_at for no in self._numbers]

    def threads(self, now: float) -> list[int]:
        """Numbers of the threads opened up to now, the newest first."""
        return self._numbers[: bisect_right(self._opened, now)][::-1]

    def thread_of(self, no: int, now: float) -> int | None:
        """The thread that a post is in."""
        thread_no = self._thread_of.get(no)
        posts = self._entries(thread_no) if thread_no is not None else []
        return next((each.thread_no for each in posts if each.no == no and each.posted_at <= now), None)

    def posts(self, now: float, *, files: bool) -> list[Entry]:
        """Every post of the board up to now, ghosts aside, by number; with files only where asked for."""
        entries = [entry for entry in self._all if entry.posted_at <= now]
        return [self.with_file(entry) for entry in entries] if files else entries

    def with_file(self, entry: Entry) -> Entry:
        """The entry with its file, which is drawn for it."""
        post = None if entry.ghost else self._pictured.get(entry.no)
        return replace(entry, file=self._file(post)) if post else entry

    def excerpt(self, thread_no: int, now: float, *, last: int | None = None) -> Excerpt:
        """A thread's first post and its `last` replies, or all; ghosts stand behind the last."""
        first, *replies = [each for each in self._entries(thread_no) if each.posted_at <= now]
        shown = (
            replies if last is None else replies[len(replies) - last :] if len(replies) > last else replies
        )
        ghosts = self._ghosts(replies[-1] if replies else first)
        entries = tuple(self.with_file(entry) for entry in (first, *shown, *ghosts))
        return Excerpt(entries, len(replies) - len(shown))

    def file_of(self, tim: int, now: float) -> Post | None:
        """The post whose file has that name, where it has appeared."""
        post = self._by_tim.get(tim)
        return post if post and post.posted_at <= now else None

    @cached_property
    def _all(self) -> list[Entry]:
        """All entries; drawing every word takes some CPU seconds in a large world."""
        entries = [entry for no in self._numbers for entry in self._entries(no)]
        return sorted(entries, key=lambda entry: entry.no)

    @cached_property
    def _thread_of(self) -> dict[int, int]:
        threads = self._world.threads.values()
        own = {post.no: thread.no for thread in threads for post in thread.posts}
        return own | {each.no: no for no, lost in self._lost_of.items() for each in lost}

    @cached_property
    def _lost_of(self) -> dict[int, list[Deleted]]:
        """What was kept of deleted posts, by thread."""
        lost: dict[int, list[Deleted]] = {}
        for each in self._world.deleted:
            if share("archive kept", each.no) < _KEPT_SHARE:
                lost.setdefault(each.thread_no, []).append(each)
        return lost

    @cached_property
    def _pictured(self) -> dict[int, Post]:
        return {post.no: post for post in self._world.pictured}

    @cached_property
    def _by_tim(self) -> dict[int, Post]:
        return {post.tim: post for post in self._world.pictured if post.tim is not None}

    def _entries(self, thread_no: int) -> list[Entry]:
        posts = self._world.threads[thread_no].posts
        entries = [self._entry(post) for post in posts]
        entries += [self._lost(each) for each in self._lost_of.get(thread_no, ())]
        return sorted(entries, key=lambda entry: entry.no)

    def _entry(self, post: Post) -> Entry:
        lines = [*(f">>{link.no}" for link in post.links), post.text]
        return Entry(
            no=post.no,
            thread_no=post.thread_no,
            posted_at=post.posted_at,
            subject=post.subject,
            text="\n".join(line for line in lines if line),
            file=None,
            unconverted=post.posted_at < self.converted_from,
            file_gone=post.oddity == "deleted",
            email=_EMAILS[0] if share("archive e-mail", post.no) < _EMAIL_SHARE else "",
        )

    def _lost(self, lost: Deleted) -> Entry:
        """A post that the board has no more."""
        text = compose(Saying("chat", 0), stream("archive lost", lost.no))
        email = _EMAILS[1 + digest("archive lost", lost.no) % 2]
        return Entry(
            no=lost.no,
            thread_no=lost.thread_no,
            posted_at=lost.posted_at,
            subject="",
            text=f"{text}\nwrite to {email}",
            file=None,
            unconverted=lost.posted_at < self.converted_from,
            deleted=True,
        )

    def _ghosts(self, behind: Entry) -> list[Entry]:
        if share("archive ghost", behind.thread_no) >= _GHOST_SHARE:
            return []
        return [
            Entry(
                no=behind.no,
                thread_no=behind.thread_no,
                posted_at=behind.posted_at + 60 * place,
                subject="",
                text=f">>{behind.no}\nbuy followers from {_EMAILS[2]}",
                file=None,
                ghost=place,
                unconverted=behind.unconverted,
            )
            for place in (1, 2)
        ]

    def _file(self, post: Post) -> File | None:
        if post.picture is None or post.tim is None:
            return None
        file = self._gallery.file(post.picture)
        return File(
            name=filename(post) + post.picture.ext,
            size=len(file.data),
            width_px=file.width_px,
            height_px=file.height_px,
            thumbnail_px=thumbnail_size(post.picture, longest_px=thumbnail_px(post)),
            md5=file.md5,
            tim=post.tim,
            ext=post.picture.ext,
            kept=kept(post.no),
        )


def kept(no: int) -> Kept:
    """Where the full file of a post is."""
    drawn = share("archive file", no)
    return next((where for where, below in _FILES if drawn < below), "here")
