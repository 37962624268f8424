"""The files that posters upload: new ones, earlier ones in some guise, a copypasta's own, odd ones."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bizmeme.sandbox.config import WorldConfig
from bizmeme.sandbox.dice import drawn, happens, stream
from bizmeme.sandbox.moods import Odds
from bizmeme.sandbox.oddities import FLAWS, SCENES_OF, Oddity
from bizmeme.sandbox.pictures.drawing import Flaw, Picture, copied
from bizmeme.sandbox.pictures.faces import FACES
from bizmeme.sandbox.words.copypasta import Copypasta

Copy = Literal["original", "repost", "recompressed", "cropped", "captioned"]

_SIZES_PX = {(112, 112): 0.88, (112, 140): 0.05, (150, 112): 0.04, (224, 224): 0.015, (320, 240): 0.015}
_EXTS = {".jpg": 0.59, ".png": 0.35, ".gif": 0.027}
_FLAWED_EXTS: Mapping[Flaw, Mapping[str, float]] = {
    "video": {".webm": 0.7, ".mp4": 0.3},
    "bomb": {".png": 1.0},
    "mislabelled": {".jpg": 1.0},
}
_RECENT = 150  # pictures among which most copies are chosen
_RECENT_SHARE = 0.7
_GUISES: dict[Copy, float] = {"repost": 0.3, "recompressed": 0.4, "cropped": 0.15, "captioned": 0.15}


@dataclass(frozen=True, slots=True)
class Upload:
    """A post's file, and how it came to be."""

    picture: Picture
    copy: Copy


class Uploads:
    """Everything uploaded so far."""

    def __init__(self, config: WorldConfig) -> None:
        self._config = config
        self._originals: list[Picture] = []  # what may come again, in the order of its time
        self._of_copypasta: dict[Copypasta, Picture] = {}

    def new(self, key: str, scenes: Odds, *, unseen: bool = False) -> Upload:
        """A new picture of a scene drawn by those odds; at times hard to see, at times a video."""
        dice = stream("upload", key)
        scene = drawn(scenes, dice)
        flaw: Flaw = "video" if happens(dice, self._config.video_share) else ""
        murky = happens(dice, self._config.murky_share)
        return self._kept(paint(key, scene, dice, flaw=flaw, murky=murky and not unseen, unseen=unseen))

    def odd(self, key: str, oddity: Oddity, scenes: Odds) -> Upload:
        """A plain new picture, in the way that the oddity asks for."""
        dice = stream("upload", key)
        scene = SCENES_OF.get(oddity) or drawn(scenes, dice)
        return self._kept(paint(key, scene, dice, flaw=FLAWS.get(oddity, "")))

    def again(self, key: str) -> Upload | None:
        """An earlier picture, for a small share of the posts; None for the others."""
        dice = stream("again", key)
        odds = self._config.copies
        shares: dict[Copy, float] = {
            "repost": odds.repost,
            "recompressed": odds.recompressed,
            "cropped": odds.cropped,
            "captioned": odds.captioned,
        }
        if not self._originals or not happens(dice, sum(shares.values())):
            return None
        recent = happens(dice, _RECENT_SHARE)
        original = dice.choice(self._originals[-_RECENT:] if recent else self._originals)
        return _guise(original, key, drawn(shares, dice))

    def of_copypasta(self, key: str, pasta: Copypasta) -> Upload:
        """The picture that goes round with the words: new the first time, then in some guise."""
        dice = stream("goes round", key)
        if pasta in self._of_copypasta:
            return _guise(self._of_copypasta[pasta], key, drawn(_GUISES, dice))
        upload = self._kept(paint(key, pasta.scene, dice, flaw=""))
        self._of_copypasta[pasta] = upload.picture
        return upload

    def _kept(self, picture: Picture) -> Upload:
        if not (picture.flaw or picture.unseen):  # a copy may stand in a thread that is trained on
            self._originals.append(picture)
        return Upload(picture, "original")


def _guise(original: Picture, key: str, copy: Copy) -> Upload:
    if copy in ("recompressed", "cropped", "captioned"):
        return Upload(copied(original, key, copy), copy)
    return Upload(original, "repost")


def paint(  # noqa: PLR0913 - three ways in which a picture can be unlike the others
    key: str, scene: str, dice: random.Random, *, flaw: Flaw = "", murky: bool = False, unseen: bool = False
) -> Picture:
    """A new picture of a scene: its face, size and file type are drawn."""
    width_px, height_px = drawn(_SIZES_PX, dice)
    ext = drawn(_FLAWED_EXTS.get(flaw, _EXTS), dice)
    face = dice.choice(list(FACES))
    return Picture(key, scene, face, width_px, height_px, ext, flaw, murky=murky, unseen=unseen)
