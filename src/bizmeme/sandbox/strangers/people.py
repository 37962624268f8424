"""How a stranger judges a post: from the sent picture and text alone, right most of the time.

The vision API and the annotators are such strangers. They never see a post's number: a picture is
recognised by its looks, a topic by its stock phrase, and whether they err hangs on those and on the seed.
On a hard post, a murky picture or a misspelt phrase, all err more often, and mostly together: one common
impression misleads. Copies of a picture and of a copypasta are judged alike.
"""

import re
from dataclasses import dataclass

from bizmeme.sandbox.ceilings import joint, mood_mix, tally
from bizmeme.sandbox.config import HardnessConfig, SandboxConfig
from bizmeme.sandbox.dice import pick, share
from bizmeme.sandbox.moods import MOODS, NO_TEXT, TABLE, Mood
from bizmeme.sandbox.pictures.drawing import Picture
from bizmeme.sandbox.pictures.sight import Sight
from bizmeme.sandbox.words.copypasta import Copypasta
from bizmeme.sandbox.words.phrases import Reading, read
from bizmeme.sandbox.world import World

_PASTED_SHARE = 0.8  # of a copypasta's words: then a text is taken for it
_FIELD = re.compile(r"^\w+:", re.MULTILINE)  # "text: gm" says gm


@dataclass(frozen=True, slots=True)
class Impression:
    """What was sent, as understood."""

    picture: Picture | None  # None: no picture, or none of this world
    reading: Reading
    words: str  # the text with its spaces evened out; a copypasta's name

    @property
    def content(self) -> str:
        """Names picture and text, whatever the encoding they came in: what an error hangs on."""
        return f"{self.picture.root if self.picture else 'unseen'}\x1f{self.words}"

    @property
    def hard(self) -> bool:
        """Whether anyone would find it hard."""
        return self.reading.muddled or bool(self.picture and self.picture.murky)


class Reader:
    """Understands pictures and texts of one world, and knows which mood they have."""

    def __init__(self, config: SandboxConfig, world: World) -> None:
        self._sight = Sight([post.picture for post in world.pictured if post.picture])
        self._copypastas = [(each, _bag(each.words())) for each in world.copypastas]
        cells, mix = joint(config), mood_mix(config)
        self._by_scene, self._by_topic = (
            {
                word: max(MOODS, key=lambda mood: moods[mood])
                for word, moods in tally(cells, side=side).items()
            }
            for side in (0, 1)
        )
        self._commonest = max(MOODS, key=lambda mood: mix[mood])

    def look(self, image: bytes | None, text: str) -> Impression:
        """Read a picture and a text. Raises OSError where `image` is no image file."""
        picture = self._sight.recognise(image) if image is not None else None
        known = self._known(text)
        words = " ".join(_FIELD.sub(" ", text).split())
        return Impression(picture, read(text), known.key if known else words)

    def _known(self, text: str) -> Copypasta | None:
        bag = _bag(text)
        return next(
            (each for each, own in self._copypastas if len(bag & own) >= _PASTED_SHARE * len(own)), None
        )

    def judge(self, seen: Impression) -> Mood:
        """The best guess: the true mood where both were understood, else what one of them suggests."""
        topic = seen.reading.topic
        if seen.picture is None:
            return self._by_topic[topic] if topic != NO_TEXT else self._commonest
        if topic == NO_TEXT and seen.words:
            return self._by_scene[seen.picture.scene]
        return TABLE[seen.picture.scene, topic]


def _bag(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


@dataclass(frozen=True, slots=True)
class Stranger:
    """Someone who errs: `who` names them, `error` is their share of wrong answers over all posts."""

    who: str
    error: float
    hard_share: float  # of posts
    hardness: HardnessConfig

    def answer(self, best: Mood, seen: Impression) -> Mood:
        """The best guess, or another mood; the same for the same."""
        follows = seen.hard and share("follows", self.who, seen.content) < self.hardness.together
        who = "everyone" if follows else self.who
        if share("errs", who, seen.content) >= self._error(seen):
            return best
        return pick([mood for mood in MOODS if mood != best], "instead", who, seen.content)

    def _error(self, seen: Impression) -> float:
        """Hard posts have `ratio` times the error of others, one at most; all posts average to `error`."""
        mean = 1 + self.hard_share * (self.hardness.ratio - 1)
        hard = min(1.0, self.error / mean * self.hardness.ratio)
        return hard if seen.hard else (self.error - self.hard_share * hard) / (1 - self.hard_share)


def stranger(config: SandboxConfig, who: str, *, error: float) -> Stranger:
    """Someone of this world."""
    world = config.world
    hard_share = 1 - (1 - world.murky_share) * (1 - world.muddled_share)
    return Stranger(f"{who} {config.seed}", error, hard_share, config.hardness)
