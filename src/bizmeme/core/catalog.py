"""What one look at a board's catalog tells about a thread: all there is to know, or that it must be fetched.

The catalog shows every live thread's opening post with its newest replies, the *window*, and how many replies
there are. Where window and count prove that nothing else changed, the thread's own page is not asked for:

    held    101 102 103 104 105            window        103 105 106 107      replies 6
    105 is in the window, so no newer reply is hidden; 104 lies within it and is not there, so it was deleted;
    5 − 1 + 2 = 6, so nothing before the window is missing.

Pure: no clock, no store. A full page is compared by `reconciled`, a `-tail` page by `extended`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Need = Literal["", "new", "overflow", "count", "edit"]
"""Why a thread's own page must be fetched; empty where it need not be.

new: never seen, and longer than the window. overflow: more replies came than the window shows. count: the
numbers do not add up, so an older reply was deleted or came back. edit: something changed that is not shown.
"""

ROUNDING_S = 2
"""Between a post's time, the field last_modified and the header Last-Modified."""

URGENCY: Mapping[str, int] = MappingProxyType({"overflow": 0, "new": 1, "count": 2, "edit": 3, "left": 4})
"""Order of fetching; `left` threads are no longer listed, and do not change any more."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One post as one answer shows it; `digest` covers everything that an edit may change."""

    no: int
    posted_at: int  # seconds since 1970, UTC
    digest: str
    has_file: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A thread as the catalog lists it; `window` holds its newest replies, oldest first."""

    no: int
    last_modified: int
    replies: int
    images: int
    signs: str  # sticky, closed, bump limit: what a toggle changes
    pruned: bool  # a sticky thread that keeps only its newest replies: what vanishes was not deleted
    omitted: int
    tail_size: int  # 0 where there is no tail page
    opening: Glimpse
    window: tuple[Glimpse, ...]

    @property
    def complete(self) -> bool:
        """Whether opening post and window are the whole thread."""
        return self.omitted == 0 and self.replies == len(self.window)


@dataclass(frozen=True, slots=True)
class Held:
    """A thread as it is held: its live posts by number, and what the catalog said when all were known."""

    last_modified: int
    replies: int
    images: int
    signs: str
    whole: bool  # nothing is known to be missing
    posts: Mapping[int, Glimpse]  # the opening post included

    def replies_held(self, no: int) -> dict[int, Glimpse]:
        """The live replies of thread `no`."""
        return {number: post for number, post in self.posts.items() if number != no}


@dataclass(frozen=True, slots=True)
class Changes:
    """What an answer adds to the posts held: numbers, sorted."""

    new: tuple[int, ...] = ()
    edited: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.edited or self.gone)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write down now, and what else must be asked; `stale` entries are older than what is held."""

    changes: Changes
    need: Need
    stale: bool = False

    @property
    def settled(self) -> bool:
        """Whether, after the changes, the thread is held as the board has it."""
        return not self.need and not self.stale


def judged(entry: Entry, held: Held | None, *, made_at: float | None = None) -> Verdict:
    """Compare the entry of a catalog that was made at that second with what is held of its thread.

    Posts that are shown are always worth writing down; deletions are concluded only from a proof.
    """
    if held is None:
        return Verdict(Changes(new=_numbers(_shown(entry))), "" if entry.complete else "new")
    if entry.last_modified < held.last_modified or _outrun(entry, held, made_at):
        return Verdict(Changes(), "", stale=True)
    seen = _seen(_shown(entry), held)
    if not held.whole and not entry.complete:
        return Verdict(seen, "new" if len(held.posts) == 1 else "overflow")
    replies = held.replies_held(entry.no)
    window = {post.no for post in entry.window}
    if not entry.complete and not (window & replies.keys()):
        return Verdict(seen, "overflow")
    gone = _missing(entry, replies)
    if not entry.pruned and entry.replies != len(replies) - len(gone) + len(window - replies.keys()):
        return Verdict(seen, "count")
    changes = Changes(seen.new, seen.edited, gone)
    return Verdict(changes, "edit" if _unexplained(entry, held, changes) else "")


def reconciled(posts: Sequence[Glimpse], held: Held | None, *, pruned: bool, fresh: bool) -> Changes:
    """Compare a thread's own page, which shows every live post, with what is held of it.

    A sticky thread drops its oldest replies: of those only what lies between shown ones was deleted. A page
    that is not proven `fresh` may be older than posts held: what is newer than all that it shows stays.
    """
    if held is None:
        return Changes(new=_numbers(posts))
    seen = _seen(posts, held)
    shown = {post.no for post in posts}
    oldest = min((post.no for post in posts[1:]), default=0) if pruned else 0
    newest = max(shown, default=0)
    gone = sorted(no for no in held.posts.keys() - shown if no >= oldest and (fresh or no < newest))
    return Changes(seen.new, seen.edited, tuple(gone))


def extended(
    posts: Sequence[Glimpse], held: Held, *, tail_id: int, replies: int, thread_no: int
) -> Changes | None:
    """What a tail page adds; None where only the whole page can tell.

    That is where it leaves a gap, where its count says that older replies changed, and where it does not show
    the newest reply held, so that it may be older than that one.

    `tail_id` is the number of the last post before the page's posts.
    """
    known = held.replies_held(thread_no)
    newest = max(known, default=thread_no)
    shown = {post.no for post in posts}
    if tail_id > newest or max(shown, default=tail_id) < newest:
        return None
    seen = _seen(posts, held)
    gone = tuple(sorted(no for no in known if no > tail_id and no not in shown))
    if len(known) - len(gone) + len(shown - known.keys()) != replies:
        return None
    return Changes(seen.new, seen.edited, gone)


def tail_may_do(entry: Entry, held: Held | None, *, known: int = 0) -> bool:
    """Whether a tail page probably shows all that is missing: only new replies, and fewer than it holds.

    `known` is the size of the tail as the thread's own page told it; a catalog may leave it out.
    """
    size = entry.tail_size or known
    if held is None or not size:
        return False
    expected = entry.replies - len(held.replies_held(entry.no))
    return 0 < expected < size


def _outrun(entry: Entry, held: Held, made_at: float | None) -> bool:
    """Whether a post is held that may have come after the entry, within its last second.

    It may as well have been deleted: a catalog made later tells, even where a deletion moves no date.
    """
    sure_s = entry.last_modified if made_at is None else made_at - ROUNDING_S
    newest = max(post.no for post in _shown(entry))
    return any(no > newest and post.posted_at >= sure_s for no, post in held.posts.items())


def _shown(entry: Entry) -> tuple[Glimpse, ...]:
    return (entry.opening, *entry.window)


def _seen(posts: Iterable[Glimpse], held: Held) -> Changes:
    """New and edited posts among those shown."""
    listed = list(posts)
    new = _numbers(post for post in listed if post.no not in held.posts)
    edited = _numbers(
        post for post in listed if post.no in held.posts and held.posts[post.no].digest != post.digest
    )
    return Changes(new=new, edited=edited)


def _missing(entry: Entry, replies: Mapping[int, Glimpse]) -> tuple[int, ...]:
    """Held replies that lie within the window and are not shown there."""
    window = {post.no for post in entry.window}
    oldest = 0 if entry.complete else min(window)
    return tuple(sorted(no for no in replies if no >= oldest and no not in window))


def _unexplained(entry: Entry, held: Held, changes: Changes) -> bool:
    """Whether something changed that is not shown: an older post was edited, or lost its file."""
    if entry.pruned:
        return False
    shown = {post.no: post for post in _shown(entry)}
    added = sum(shown[no].has_file for no in changes.new)
    removed = sum(held.posts[no].has_file for no in changes.gone)
    dropped = sum(held.posts[no].has_file and not shown[no].has_file for no in changes.edited)
    most = held.images + added - removed
    if not most - dropped <= entry.images <= most:
        return True
    if entry.last_modified == held.last_modified or changes.edited or changes.gone:
        return False
    if entry.signs != held.signs:
        return False
    newest = max(post.posted_at for post in shown.values())
    return entry.last_modified > newest or not changes.new


def _numbers(posts: Iterable[Glimpse]) -> tuple[int, ...]:
    return tuple(sorted(post.no for post in posts))
