"""The simulated board: every thread and post, with the mood that is true of it.

    world = build(config)                                     (building.py)
    world.threads[60_000_412].posts[0].mood  →  "bearish"

Words and pixels are drawn when they are asked for; here stands only what they will be about.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.moods import NO_TEXT, TABLE, Mood
from bizmeme.sandbox.oddities import TEXTS, Oddity
from bizmeme.sandbox.pictures.drawing import Picture
from bizmeme.sandbox.uploads import Copy
from bizmeme.sandbox.words import wording
from bizmeme.sandbox.words.copypasta import Copypasta
from bizmeme.sandbox.words.markup import Link
from bizmeme.sandbox.words.wording import Saying

_DAY_S = 86_400
BOARD = "biz"

_SUBJECT_SHARE = 0.4  # of opening posts that say anything: 37 % of all, as on the real board


@dataclass(frozen=True, slots=True)
class Post:
    """One post; `key` seeds its words. A deleted file leaves neither picture nor `tim`."""

    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC
    key: str
    saying: Saying
    copypasta: Copypasta | None
    oddity: Oddity
    picture: Picture | None
    copy: Copy
    tim: int | None  # the server's file name, microseconds since 1970
    links: tuple[Link, ...]
    poster: int  # 0 opened the thread

    @property
    def opens(self) -> bool:
        """Whether it is its thread's first post."""
        return self.no == self.thread_no

    @property
    def topic(self) -> str:
        """What it speaks of."""
        return self.saying.topic

    @property
    def mood(self) -> Mood | None:
        """The truth; None without a picture."""
        return TABLE[self.picture.scene, self.topic] if self.picture else None

    @property
    def hard(self) -> bool:
        """Whether strangers err on it more often: a picture hard to see, or a misspelt phrase."""
        return self.saying.muddled or bool(self.picture and self.picture.murky)

    @property
    def unseen(self) -> bool:
        """Whether its phrase or its manner of drawing is new in the world's last period."""
        return self.saying.unseen or bool(self.picture and self.picture.unseen)

    @property
    def text(self) -> str:
        """What its writer typed; empty for a post without words."""
        if self.oddity in TEXTS:
            return TEXTS[self.oddity]
        if self.copypasta:
            return self.copypasta.text(stream("words", self.key))
        return _typed(self.saying, self.key)

    @property
    def subject(self) -> str:
        """The thread's subject, empty for most threads, every reply, and a post that says nothing."""
        dice = stream("subject", self.key)
        if not (self.opens and self.topic != NO_TEXT and happens(dice, _SUBJECT_SHARE)):
            return ""
        return wording.subject(dice, period=self.saying.period)


@lru_cache(maxsize=2**15)
def _typed(saying: Saying, key: str) -> str:
    """Words of one's own; a millisecond, and servers show the same post again and again."""
    return wording.compose(saying, stream("words", key))


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread; `archived_on` is None while it is live."""

    posts: tuple[Post, ...]
    archived_on: int | None

    @property
    def no(self) -> int:
        """The number of its opening post."""
        return self.posts[0].no

    @property
    def modified_at(self) -> int:
        """Seconds since 1970 of its last change."""
        return self.archived_on or self.posts[-1].posted_at


@dataclass(frozen=True, slots=True)
class Deleted:
    """A reply that its poster deleted: the board shows no trace of it but its missing number."""

    no: int
    thread_no: int
    posted_at: int  # seconds since 1970, UTC


@dataclass(frozen=True)  # no slots: cached_property needs a dict
class World:
    """All threads by number, in the order of their opening."""

    threads: dict[int, Thread]
    ends_at: int
    deleted: tuple[Deleted, ...] = ()  # by number

    @cached_property
    def pictured(self) -> tuple[Post, ...]:
        """Every post that shows a picture, by number."""
        posts = (post for thread in self.threads.values() for post in thread.posts if post.picture)
        return tuple(sorted(posts, key=lambda post: post.no))

    @cached_property
    def copypastas(self) -> tuple[Copypasta, ...]:
        """Everything that was pasted under a picture, by the first post."""
        return tuple(dict.fromkeys(post.copypasta for post in self.pictured if post.copypasta))

    @cached_property
    def live(self) -> tuple[Thread, ...]:
        """Threads of the catalog, the last answered first."""
        threads = (thread for thread in self.threads.values() if thread.archived_on is None)
        return tuple(sorted(threads, key=lambda thread: (-thread.posts[-1].posted_at, -thread.no)))

    @cached_property
    def archived(self) -> tuple[Thread, ...]:
        """Threads of the archive, by number."""
        return tuple(thread for thread in self.threads.values() if thread.archived_on is not None)

    def shown(self, *, archive_days: int) -> tuple[Thread, ...]:
        """What the board shows at the end: live threads, and those archived since so many days."""
        since = self.ends_at - archive_days * _DAY_S
        threads = self.threads.values()
        return tuple(each for each in threads if each.archived_on is None or each.archived_on >= since)
