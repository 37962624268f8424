"""What a Warosu page says, as data; and one post while it is being read.

<div class=comment id=p61508089> <span class="fileinfo break-all"> File: 55 KB, 450x675, name.ext</span>
[<a href=/biz/image/dp7FA0kmXFcVQdXaimDH5w>View same</a>] <a href=https://i.warosu.org/data/biz/img/0615/
08/1759276800123456.jpg><img class=thumb …></a> <span class=filetitle>gm</span>
<span class=posttime title=1759276801000>…</span> No.61508089</a> [<a href=/biz/thread/61508089>Reply</a>]
<blockquote>…</blockquote>
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from bizmeme.sources.warosu.comments import Comment

MAX_NO = 2**53
_MAX_TITLE_MS = 2**33 * 1000
_HOST = r"(?:(?:https?:)?//(?:i\.|www\.)?warosu\.org)?"
_NUMBER = re.compile(r"No\.\s*(\d{1,16})(?:,(\d+))?")
_OMITTED = re.compile(r"(\d{1,9})\s+repl(?:y|ies)\s+omitted")
_EXT = re.compile(r"\.[a-z0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A post's file; without paths where the archive holds none, or points to another host's."""

    tim: int | None  # the board's own name of it: with `md5` what joins both sources
    ext: str | None  # with the dot
    md5: str | None  # base64, as the board gives it
    path: str | None  # on the media host: /data/biz/img/0615/08/1759276800123456.jpg
    thumbnail_path: str | None


@dataclass(frozen=True, slots=True)
class ArchivePost:
    """One post as the page shows it."""

    no: int
    thread_no: int
    title_ms: int  # what stands in the page, on whose clock stamps.py finds out
    subject: str
    text: str
    banned: bool
    deleted: bool  # from the board, before its thread was
    sticky: bool
    file: ArchiveFile | None
    file_gone: bool  # the page shows a placeholder where a file was


@dataclass(frozen=True, slots=True)
class ArchiveThread:
    """The posts that one page shows of one thread."""

    no: int
    posts: tuple[ArchivePost, ...]
    omitted: int  # replies that the page counts and does not show
    opened: bool  # the page shows it as a thread, with its opening post first; a search's rows are none
    in_utc: bool  # the page's software has turned its stamps into UTC

    @property
    def sticky(self) -> bool:
        """Whether it is out of order."""
        return any(post.sticky for post in self.posts)

    @property
    def replies(self) -> int:
        """All that the archive counts, shown or not."""
        return sum(post.no != self.no for post in self.posts) + self.omitted


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """An index, a thread, or a page of search results."""

    threads: tuple[ArchiveThread, ...]
    ghosts: int  # posts that were written in the archive, not on the board: left out
    unreadable: int  # posts without a usable number, thread or stamp: left out
    rows: int  # all of them


def merged(threads: Iterable[ArchiveThread]) -> list[ArchiveThread]:
    """The same threads with every post once, by number; a thread on pages of both kinds of clock is two.

    Of two readings of a post the one with more marks is the later: marks are set, never taken away.
    """
    best: dict[int, tuple[tuple[bool, bool, bool, str], ArchivePost]] = {}
    replies: dict[int, int] = {}
    for thread in threads:
        if thread.opened:
            replies[thread.no] = max(replies.get(thread.no, 0), thread.replies)
        for post in thread.posts:
            rank = (post.deleted, post.banned, thread.in_utc, repr(post))
            best[post.no] = max(best.get(post.no, (rank, post)), (rank, post), key=lambda each: each[0])
    groups: dict[tuple[int, bool], list[ArchivePost]] = {}
    for no in sorted(best):
        rank, post = best[no]
        groups.setdefault((post.thread_no, rank[2]), []).append(post)
    return [
        ArchiveThread(
            no=no,
            posts=tuple(posts),
            omitted=max(0, replies.get(no, 0) - len(posts) + 1),
            opened=no in replies and posts[0].no == no,
            in_utc=in_utc,
        )
        for (no, in_utc), posts in groups.items()
    ]


@dataclass(frozen=True)  # no slots: cached_property needs a dict
class Links:
    """The links of one board's pages."""

    board: str

    @cached_property
    def thread(self) -> re.Pattern[str]:
        """Thread, post, part of a ghost's number."""
        return re.compile(rf"{_HOST}/{self.board}/thread/S?(\d{{1,16}})(?:/?#p(\d{{1,16}})(?:_(\d+))?)?")

    @cached_property
    def image(self) -> re.Pattern[str]:
        """The file's MD5 in the URL's alphabet."""
        return re.compile(rf"{_HOST}/{self.board}/image/([A-Za-z0-9_-]{{22}})(?:==)?/?")

    @cached_property
    def media(self) -> re.Pattern[str]:
        """Path, kind, tim and end of a file: on the archive's hosts alone."""
        return re.compile(
            rf"{_HOST}(/data/{self.board}/(img|thumb)/\d{{4,8}}/\d\d/(\d{{1,16}})s?(\.[a-z0-9]{{1,5}}))"
        )


@dataclass(slots=True)
class Draft:
    """One post while its page is being read."""

    no: int | None
    ghost: bool
    row: bool  # a table's cell: a reply, or any post of a search
    thread_no: int | None = None
    title_ms: int | None = None
    subject: str = ""
    comment: Comment | None = None
    icons: set[str] = field(default_factory=set)
    file_name: str | None = None
    md5: str | None = None
    paths: dict[str, str] = field(default_factory=dict)
    tim: int | None = None
    ext: str | None = None
    file_gone: bool = False
    _loose: list[str] = field(default_factory=list)  # text that no user typed

    def say(self, text: str) -> None:
        """Text beside the elements."""
        self._loose.append(text)

    def link(self, href: str, links: Links) -> None:
        """Take what a link outside of the comment says; the first of a kind counts."""
        href = href.strip()
        if found := links.thread.fullmatch(href):
            self._linked(int(found[1]), int(found[2]) if found[2] else None, ghost=bool(found[3]))
        elif found := links.image.fullmatch(href):
            self.md5 = self.md5 or found[1].translate(str.maketrans("-_", "+/")) + "=="
        else:
            self.media(href, links)

    def media(self, href: str, links: Links) -> None:
        """Take a file's or a thumbnail's address, where it is one of the archive's own."""
        found = links.media.fullmatch(href.strip())
        if found is None or found[2] in self.paths or int(found[3]) >= MAX_NO:
            return
        self.paths[found[2]] = found[1]
        self.tim = self.tim or int(found[3])
        if found[2] == "img":
            self.ext = found[4]

    def stamp(self, title: str) -> None:
        """Take the first stamp of the post."""
        usable = title.strip().isascii() and title.strip().isdigit() and int(title[:20]) < _MAX_TITLE_MS
        if self.title_ms is None and usable:
            self.title_ms = int(title[:20])

    def finish(self) -> None:
        """Know the number by the text, where neither an id nor a link tells it."""
        found = _NUMBER.search("".join(self._loose))
        if found and self.no is None:
            self.no = int(found[1])
        self.ghost = self.ghost or bool(found and int(found[2] or 0))

    @property
    def omitted(self) -> int:
        """Replies that the page does not show, where it says so behind this post."""
        found = _OMITTED.search("".join(self._loose))
        return int(found[1]) if found else 0

    def post(self, thread_no: int | None) -> ArchivePost | None:
        """The post, in that thread unless a link names another; None where it is not usable."""
        thread_no = self.thread_no or thread_no
        usable = self.no and thread_no and max(self.no, thread_no) < MAX_NO
        if not usable or self.title_ms is None or self.comment is None:
            return None
        assert self.no is not None
        assert thread_no is not None
        return ArchivePost(
            no=self.no,
            thread_no=thread_no,
            title_ms=self.title_ms,
            subject=self.subject,
            text=self.comment.text,
            banned=self.comment.banned,
            deleted="[DELETED]" in self.icons,
            sticky="[STICKY]" in self.icons,
            file=self._file(),
            file_gone=self.file_gone,
        )

    def _linked(self, thread_no: int, no: int | None, *, ghost: bool) -> None:
        if no is not None and self.no is not None and no != self.no:
            return  # to another post
        self.thread_no = self.thread_no or thread_no
        self.no = self.no or no
        self.ghost = self.ghost or ghost

    @property
    def has_file(self) -> bool:
        """Whether the page speaks of a file, archived or not."""
        return bool(self.file_name is not None or self.paths or self.md5)

    def _file(self) -> ArchiveFile | None:
        if not self.has_file:
            return None
        named = PurePosixPath(self.file_name or "").suffix.lower()
        return ArchiveFile(
            tim=self.tim,
            ext=self.ext or (named if _EXT.fullmatch(named) else None),
            md5=self.md5,
            path=self.paths.get("img"),
            thumbnail_path=self.paths.get("thumb"),
        )
