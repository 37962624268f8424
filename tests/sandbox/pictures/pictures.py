"""Descriptions of pictures for tests, and how the project compares what they become."""

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from bizmeme.core.duplicates import HASH_DISTANCE, THUMBNAIL_DISTANCE
from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.pictures.drawing import Picture, draw
from bizmeme.sandbox.pictures.gallery import encoded
from bizmeme.sandbox.uploads import paint
from bizmeme.shell.pictures import Normalise, normalise
from bizmeme.shell.pictures import Picture as Normalised

HOW = Normalise(max_side_px=512, jpeg_quality=92, max_pixels=100_000_000)  # as conf/parse/default.yaml
MURKY_SHARE = 0.12


def picture(scene: str, key: str = "k", **changes: object) -> Picture:
    values = {"key": key, "scene": scene, "face": "green", "width_px": 112, "height_px": 112}
    return Picture(**(values | {"ext": ".jpg", "flaw": ""} | changes))  # type: ignore[arg-type]


def painted(name: str, count: int) -> list[Picture]:
    """Independent pictures of all scenes, some of them murky."""
    many = []
    for index in range(count):
        dice = stream(name, index)
        scene, murky = dice.choice(list(SCENES)), happens(dice, MURKY_SHARE)
        many.append(paint(f"{name} {index}", scene, dice, flaw="", murky=murky))
    return many


def resaved(data: bytes, scale: float, quality: int) -> bytes:
    """The picture as JPEG of another size."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    file = io.BytesIO()
    size = round(image.width * scale), round(image.height * scale)
    image.resize(size).save(file, "JPEG", quality=quality)
    return file.getvalue()


def parsed(shown: Picture) -> Normalised:
    """The picture as the pipeline has it after its file was decoded."""
    result = normalise(encoded(shown), HOW)
    assert isinstance(result, Normalised), result
    return result


class Compared:
    """Pictures by perceptual hash and thumbnail, for the project's rule of near copies."""

    def __init__(self, shown: Sequence[Picture]) -> None:
        described = [parsed(one) for one in shown]
        self.hashes = np.array([one.perceptual_hash for one in described], dtype=np.uint64)
        thumbnails = np.frombuffer(b"".join(one.thumbnail for one in described), np.uint8)
        self.thumbnails = thumbnails.reshape(len(described), -1).astype(np.int16)

    def ties(self, one: int, others: npt.NDArray[np.int64]) -> int:
        """How many of `others` tie with picture `one`."""
        near = others[np.bitwise_count(self.hashes[others] ^ self.hashes[one]) <= HASH_DISTANCE]
        gaps = np.abs(self.thumbnails[near] - self.thumbnails[one]).mean(axis=1)
        return int((gaps <= THUMBNAIL_DISTANCE).sum())

    def tied_pairs(self) -> int:
        """The number of tied pairs among all."""
        everyone = np.arange(len(self.hashes))
        return sum(self.ties(one, everyone[one + 1 :]) for one in range(len(everyone)))


def outlines(shown: Picture) -> npt.NDArray[np.float64]:
    """Brightness steps of a 32 × 32 thumbnail, of length 1: a product of two is their likeness."""
    small = draw(shown).convert("L").resize((32, 32), Image.Resampling.BILINEAR)
    grey = np.asarray(small, dtype=float)
    steps = np.concatenate([np.diff(grey, axis=0).ravel(), np.diff(grey, axis=1).ravel()])
    alike: npt.NDArray[np.float64] = steps / np.linalg.norm(steps)
    return alike
