"""Builds the world: drafts become numbered posts about something, and threads that are live or archived."""

import random
from collections.abc import Mapping, Sequence

from bizmeme.sandbox import drafts
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.drafts import DAY_S, HOUR_S, Draft
from bizmeme.sandbox.drawing import Flaw, Picture
from bizmeme.sandbox.faces import FACES
from bizmeme.sandbox.markup import Link
from bizmeme.sandbox.moods import NO_TEXT, Odds, odds_on
from bizmeme.sandbox.world import Oddity, Post, Thread, World

FIRST_NO = 60_000_000

_POSTS_PER_S = 6_000 / DAY_S  # of the whole board, which holds more than the threads simulated here
_SIZES_PX = ((112, 112), (112, 140), (150, 112), (224, 224), (320, 240))
_SIZE_ODDS = (0.88, 0.05, 0.04, 0.015, 0.015)
_PNG_SHARE = 0.37
_RECENT = 150  # pictures among which a repost is chosen
_DEAD_LINK_SHARE = 0.02
_FAR_LINK_SHARE = 0.02
_LINK_SHARE = 0.6
_ARCHIVED_AFTER_S = 6 * HOUR_S

# One opening post of each kind, so that every trap is met even in a small world; by eighth of the threads.
_ODDITIES: Mapping[int, Oddity] = {2: "truncated", 3: "orders", 5: "deleted", 6: "video"}
_FLAWS: Mapping[Oddity, Flaw] = {"truncated": "truncated", "video": "video"}


def build(config: SandboxConfig) -> World:
    """The world of a configuration; about half a CPU second for 9,000 posts."""
    writer = _Writer(config)
    threads: dict[int, list[Post]] = {}
    for draft in drafts.drafts(config):
        threads.setdefault(draft.thread, []).append(writer.write(draft))
    live_from, ends_at = config.world.threads - config.world.live_threads, drafts.ends_at(config)
    built = [
        Thread(tuple(posts), None if index >= live_from else _archived_on(posts, ends_at))
        for index, posts in threads.items()
    ]
    return World({thread.no: thread for thread in sorted(built, key=lambda thread: thread.no)}, ends_at)


def _archived_on(posts: Sequence[Post], ends_at: int) -> int:
    return min(posts[-1].posted_at + _ARCHIVED_AFTER_S, ends_at)


class _Writer:
    """Turns drafts, in the order of their time, into numbered posts."""

    def __init__(self, config: SandboxConfig) -> None:
        self._seed = config.seed
        self._begins_at = drafts.begins_at(config)
        self._repost_share = config.world.repost_share
        self._picture_share = config.world.reply_picture_share
        self._odds = [odds_on(config, day) for day in range(config.world.days)]
        self._oddities = {config.world.threads * k // 8: oddity for k, oddity in _ODDITIES.items()}
        self._numbers: dict[int, list[int]] = {}  # of each thread, so far
        self._recent: list[Picture] = []
        self._no = FIRST_NO

    def write(self, draft: Draft) -> Post:
        key = f"{self._seed}.{draft.thread}.{draft.place}"
        dice = stream("post", key)
        numbers = self._numbers.setdefault(draft.thread, [])
        self._no = self._number(draft, dice)
        oddity = self._oddities.get(draft.thread, "") if draft.place == 0 else ""
        topic = self._topic(draft, oddity, dice)
        picture = self._picture(draft, oddity, key=key, dice=dice)
        post = Post(
            no=self._no,
            thread_no=numbers[0] if numbers else self._no,
            posted_at=draft.posted_at,
            key=key,
            topic=topic,
            oddity=oddity,
            picture=picture,
            tim=draft.posted_at * 1_000_000 + dice.randrange(1_000_000) if picture else None,
            links=self._links(numbers, topic, dice),
            poster=dice.randrange(12) if numbers else 0,
        )
        numbers.append(self._no)
        return post

    def _number(self, draft: Draft, dice: random.Random) -> int:
        """Numbers grow with time, with gaps for the posts of threads outside this world."""
        due = FIRST_NO + int((draft.posted_at - self._begins_at) * _POSTS_PER_S) + dice.randrange(3)
        return max(self._no + 1, due)

    def _topic(self, draft: Draft, oddity: Oddity, dice: random.Random) -> str:
        odds = self._today(draft)[1]
        return "doom" if oddity == "orders" else _drawn(odds, dice)

    def _today(self, draft: Draft) -> tuple[Odds, Odds]:
        return self._odds[(draft.posted_at - self._begins_at) // DAY_S]

    def _picture(self, draft: Draft, oddity: Oddity, *, key: str, dice: random.Random) -> Picture | None:
        """A new picture, an earlier one again, or none."""
        if oddity == "deleted" or (draft.place > 0 and not happens(dice, self._picture_share)):
            return None
        if draft.place > 0 and self._recent and happens(dice, self._repost_share):
            return dice.choice(self._recent)
        scene = "flames" if oddity == "orders" else _drawn(self._today(draft)[0], dice)
        picture = paint(key, scene, dice, flaw=_FLAWS.get(oddity, ""))
        if not picture.flaw:
            self._recent = [*self._recent[1 - _RECENT :], picture]
        return picture

    def _links(self, numbers: Sequence[int], topic: str, dice: random.Random) -> tuple[Link, ...]:
        """What a reply quotes: a post of its thread, rarely one of another thread or one that is gone."""
        if not numbers or topic == NO_TEXT:
            return ()
        if happens(dice, _DEAD_LINK_SHARE):
            return (Link(FIRST_NO - 1 - dice.randrange(100_000), None),)
        if happens(dice, _FAR_LINK_SHARE):
            other = dice.choice([known[0] for known in self._numbers.values() if known])
            return (Link(other, other),)
        return (Link(dice.choice(numbers), numbers[0]),) if happens(dice, _LINK_SHARE) else ()


def _drawn(odds: Odds, dice: random.Random) -> str:
    return dice.choices(list(odds), list(odds.values()))[0]


def paint(key: str, scene: str, dice: random.Random, *, flaw: Flaw) -> Picture:
    """A new picture of a scene: its face, size and file type are drawn."""
    width_px, height_px = dice.choices(_SIZES_PX, _SIZE_ODDS)[0]
    ext = ".png" if happens(dice, _PNG_SHARE) else ".jpg"
    face = dice.choice(list(FACES))
    return Picture(key, scene, face, width_px, height_px, ext=".webm" if flaw == "video" else ext, flaw=flaw)
