"""How a stranger judges a post: from the sent picture and text alone, right most of the time.

The vision API and the two annotators are such strangers. They never see a post's number: a picture is
recognised by its looks, a topic by its stock phrase, and whether they err hangs on those and on the seed.
"""

import re
from dataclasses import dataclass

from bizmeme.sandbox import wording
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import pick, share
from bizmeme.sandbox.drawing import Picture
from bizmeme.sandbox.moods import MOODS, NO_TEXT, TABLE, Mood, mood_given, mood_mix
from bizmeme.sandbox.sight import Sight
from bizmeme.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Impression:
    """What was sent, as understood."""

    picture: Picture | None  # None: no picture, or none of this world
    topic: str
    words: str  # the text with its spaces evened out: what an error hangs on

    @property
    def content(self) -> str:
        """Names picture and text, whatever the encoding they came in."""
        return f"{self.picture.key if self.picture else 'unseen'}\x1f{self.words}"


class Reader:
    """Understands pictures and texts of one world, and knows which mood they have."""

    def __init__(self, config: SandboxConfig, world: World) -> None:
        self._sight = Sight([post.picture for post in world.pictured if post.picture])
        moods_by_topic = mood_given(config, "topic")
        self._by_topic = {
            topic: max(MOODS, key=lambda mood: moods_by_topic[topic][mood]) for topic in moods_by_topic
        }
        mix = mood_mix(config)
        self._commonest = max(MOODS, key=lambda mood: mix[mood])

    def look(self, image: bytes | None, text: str) -> Impression:
        """Read a picture and a text. Raises OSError where `image` is no image file."""
        picture = self._sight.recognise(image) if image is not None else None
        return Impression(picture, wording.topic_of(text), re.sub(r"\s+", " ", text).strip())

    def judge(self, seen: Impression) -> Mood:
        """The best guess: the true mood where both were understood, else what the text suggests."""
        if seen.picture is not None:
            return TABLE[seen.picture.scene, seen.topic]
        return self._by_topic[seen.topic] if seen.topic != NO_TEXT else self._commonest


def answer(best: Mood, seen: Impression, *, error: float, who: str) -> Mood:
    """The best guess, or with probability `error` another mood; the same for the same."""
    if share("errs", who, seen.content) >= error:
        return best
    return pick([mood for mood in MOODS if mood != best], "instead", who, seen.content)
