"""Builds the world: drafts become numbered posts about something, and threads that are live or archived."""

import random
from collections.abc import Sequence
from typing import Literal

from bizmeme.sandbox import drafts
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import drawn, happens, share, stream
from bizmeme.sandbox.drafts import DAY_S, HOUR_S, Draft
from bizmeme.sandbox.moods import NO_TEXT
from bizmeme.sandbox.oddities import TOPICS_OF, Oddity, oddities
from bizmeme.sandbox.regimes import odds_by_day, period_on
from bizmeme.sandbox.uploads import Upload, Uploads
from bizmeme.sandbox.words.copypasta import FAITHFUL_SHARE, Copypasta, going_round
from bizmeme.sandbox.words.markup import Link
from bizmeme.sandbox.words.wording import Saying
from bizmeme.sandbox.world import Deleted, Post, Thread, World

FIRST_NO = 60_000_000

_POSTS_PER_S = 6_000 / DAY_S  # of the whole board, which holds more than the threads simulated here
_DELETED_SHARE = 0.01  # of replies, by their posters, before anyone came to see them
_FAR_LINK_SHARE = 0.02
_LINK_SHARE = 0.6
_SAME_TOPIC_SHARE = 0.15  # of replies that speak of what their thread began with
_ARCHIVED_AFTER_S = 6 * HOUR_S


def build(config: SandboxConfig) -> World:
    """The world of a configuration; about a CPU second for 20,000 posts."""
    writer = _Writer(config)
    threads: dict[int, list[Post]] = {}
    for draft in drafts.drafts(config):
        if (post := writer.write(draft)) is not None:
            threads.setdefault(draft.thread, []).append(post)
    opened = sorted(threads.values(), key=lambda posts: posts[0].no)
    live_from, ends_at = len(opened) - config.world.live_threads, drafts.ends_at(config)
    built = [
        Thread(tuple(posts), None if place >= live_from else _archived_on(posts, ends_at))
        for place, posts in enumerate(opened)
    ]
    return World({thread.no: thread for thread in built}, ends_at, tuple(writer.deleted.values()))


def _archived_on(posts: Sequence[Post], ends_at: int) -> int:
    return min(posts[-1].posted_at + _ARCHIVED_AFTER_S, ends_at)


class _Writer:
    """Turns drafts, in the order of their time, into numbered posts."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._begins_at = drafts.begins_at(config)
        self._odds = odds_by_day(config)
        self._going_round = [going_round(config, day) for day in range(config.world.days)]
        self._oddities = oddities(config.world.threads)
        self._uploads = Uploads(config.world)
        self._numbers: dict[int, list[int]] = {}  # of each thread, so far
        self.deleted: dict[int, Deleted] = {}
        self._opened_with: dict[int, str] = {}  # topic by thread
        self._opened_in: dict[int, int] = {}  # period by thread
        self._no = FIRST_NO

    def write(self, draft: Draft) -> Post | None:
        """The post, or None where its poster deleted it."""
        key = f"{self._config.seed}.{draft.thread}.{draft.place}"
        dice = stream("post", key)
        numbers = self._numbers.setdefault(draft.thread, [])
        self._no = self._number(draft, dice)
        numbers.append(self._no)
        if draft.place > 0 and happens(dice, _DELETED_SHARE):
            self.deleted[self._no] = Deleted(self._no, numbers[0], draft.posted_at)
            return None
        return self._post(draft, key, numbers, dice)

    def _number(self, draft: Draft, dice: random.Random) -> int:
        """Numbers grow with time, with gaps for the posts of threads outside this world."""
        due = FIRST_NO + int((draft.posted_at - self._begins_at) * _POSTS_PER_S) + dice.randrange(3)
        return max(self._no + 1, due)

    def _post(self, draft: Draft, key: str, numbers: Sequence[int], dice: random.Random) -> Post:
        oddity = self._oddities.get(draft.thread, "") if draft.place == 0 else ""
        pictured = oddity != "deleted" and (
            draft.place == 0 or happens(dice, self._config.world.reply_picture_share)
        )
        pasta = self._pasta(draft, dice) if pictured and not oddity else None
        if draft.place == 0:
            self._opened_in[draft.thread] = period_on(self._config, self._day(draft))
        unseen = self._unseen(draft, dice) if pasta is None and not oddity else ""
        saying = pasta.saying if pasta else self._saying(draft, oddity, unseen == "phrase", dice)
        if draft.place == 0:
            self._opened_with[draft.thread] = saying.topic
        upload = self._upload(draft, oddity, pasta, unseen == "drawing", key) if pictured else None
        return Post(
            no=self._no,
            thread_no=numbers[0],
            posted_at=draft.posted_at,
            key=key,
            saying=saying,
            copypasta=pasta,
            oddity=oddity,
            picture=upload.picture if upload else None,
            copy=upload.copy if upload else "original",
            tim=draft.posted_at * 1_000_000 + dice.randrange(1_000_000) if upload else None,
            links=self._links(numbers[:-1], saying.topic, dice),
            poster=0 if draft.place == 0 else dice.randrange(12),
        )

    def _day(self, draft: Draft) -> int:
        return (draft.posted_at - self._begins_at) // DAY_S

    def _pasta(self, draft: Draft, dice: random.Random) -> Copypasta | None:
        """What goes round on that day, for a small share of the posts."""
        known = self._going_round[self._day(draft)]
        return drawn(known, dice) if happens(dice, self._config.world.copypasta_share) else None

    def _unseen(self, draft: Draft, dice: random.Random) -> Literal["", "phrase", "drawing"]:
        """What is new about some posts of the threads that the last period opens.

        A thread goes by its opening day when data are split: an older one that runs on stays old.
        """
        period = self._opened_in[draft.thread]
        if period == 0 or period < len(self._config.world.periods) - 1:
            return ""
        return dice.choice(("phrase", "drawing")) if happens(dice, self._config.world.unseen_share) else ""

    def _saying(self, draft: Draft, oddity: Oddity, unseen: bool, dice: random.Random) -> Saying:
        day = self._day(draft)
        topic = drawn(self._odds[day][1], dice)
        if draft.place == 0:
            topic = TOPICS_OF.get(oddity, topic)
        elif happens(dice, _SAME_TOPIC_SHARE):
            topic = self._opened_with[draft.thread]
        muddled = not oddity and happens(dice, self._config.world.muddled_share)
        worded = topic != NO_TEXT
        return Saying(
            topic,
            period_on(self._config, day),
            muddled=worded and muddled and not unseen,
            unseen=worded and unseen,
        )

    def _upload(
        self, draft: Draft, oddity: Oddity, pasta: Copypasta | None, unseen: bool, key: str
    ) -> Upload:
        """A new file, an earlier one in some guise, or a copypasta's own."""
        day = self._day(draft)
        if oddity:
            return self._uploads.odd(key, oddity, self._odds[day][0])
        if pasta and share("faithful", key) < FAITHFUL_SHARE:
            return self._uploads.of_copypasta(key, pasta)
        if draft.place > 0 and pasta is None and not unseen and (again := self._uploads.again(key)):
            return again
        return self._uploads.new(key, self._odds[day][0], unseen=unseen)

    def _links(self, numbers: Sequence[int], topic: str, dice: random.Random) -> tuple[Link, ...]:
        """What a reply quotes: a post of its thread, rarely of another; a deleted one leads nowhere."""
        if not numbers or topic == NO_TEXT:
            return ()
        if happens(dice, _FAR_LINK_SHARE):
            other = dice.choice([known[0] for known in self._numbers.values()])
            return (Link(other, other),)
        if not happens(dice, _LINK_SHARE):
            return ()
        quoted = dice.choice(numbers)
        return (Link(quoted, None if quoted in self.deleted else numbers[0]),)
