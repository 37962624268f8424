"""Pictures and the files that hold them."""

import base64
import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from bizmeme.sandbox.building import paint
from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.drawing import Picture, draw
from bizmeme.sandbox.gallery import Gallery
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.sight import Sight
from bizmeme.sandbox.world import World


def picture(scene: str, key: str = "k", **changes: object) -> Picture:
    values = {"key": key, "scene": scene, "face": "green", "width_px": 112, "height_px": 112}
    return Picture(**(values | {"ext": ".jpg", "flaw": ""} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("scene", SCENES)
def test_a_description_is_drawn_the_same_every_time(scene: str) -> None:
    assert draw(picture(scene)).tobytes() == draw(picture(scene)).tobytes()


@pytest.mark.parametrize("scene", SCENES)
def test_pictures_of_one_scene_are_no_near_copies(scene: str) -> None:
    thumbnails = [
        np.asarray(draw(picture(scene, f"k{k}")).resize((16, 16), Image.Resampling.BOX), dtype=float)
        for k in range(40)
    ]
    gaps = [np.abs(a - b).mean() for k, a in enumerate(thumbnails) for b in thumbnails[:k]]
    assert min(gaps) > 6  # of 255: nearer ones would count as the same picture when data are split


@pytest.mark.parametrize("size", [(112, 140), (150, 112), (320, 240)])
def test_a_picture_has_the_size_that_it_says(size: tuple[int, int]) -> None:
    assert draw(picture("rocket", width_px=size[0], height_px=size[1])).size == size


def test_files_are_what_their_names_say(world: World) -> None:
    gallery, kinds = Gallery(), {".jpg": "JPEG", ".png": "PNG"}
    for post in world.pictured[:60]:
        if post.picture and not post.picture.flaw:
            image = Image.open(io.BytesIO(gallery.file(post.picture).data))
            assert image.format == kinds[post.picture.ext]
            assert image.size == (post.picture.width_px, post.picture.height_px)


def test_a_truncated_picture_cannot_be_decoded() -> None:
    file = Gallery().file(picture("climb", flaw="truncated"))
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(file.data)).load()


def test_a_video_begins_like_one_and_has_a_thumbnail() -> None:
    gallery, video = Gallery(), picture("climb", ext=".webm", flaw="video", width_px=320, height_px=240)
    assert gallery.file(video).data.startswith(b"\x1a\x45\xdf\xa3")
    assert max(Image.open(io.BytesIO(gallery.thumbnail(video, longest_px=125))).size) == 125


def test_the_md5_is_that_of_the_served_bytes() -> None:
    file = Gallery().file(picture("clown"))
    assert base64.b64decode(file.md5) == hashlib.md5(file.data).digest()


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 95), (1.0, 50), (0.5, 80), (3.0, 70)])
def test_a_picture_is_recognised_after_scaling_and_recompressing(
    world: World, scale: float, quality: int
) -> None:
    sight, gallery = Sight([post.picture for post in world.pictured if post.picture]), Gallery()
    for post in world.pictured[::20]:
        if post.picture and not post.picture.flaw:
            sent = _recompressed(gallery.file(post.picture).data, scale, quality)
            assert sight.recognise(sent) == post.picture


def test_a_picture_of_another_seed_is_a_stranger(world: World) -> None:
    sight = Sight([post.picture for post in world.pictured if post.picture])
    for index, scene in enumerate([*SCENES] * 8):
        stranger = paint(f"elsewhere {index}", scene, stream(index), flaw="")
        assert sight.recognise(Gallery().file(stranger).data) is None


def _recompressed(data: bytes, scale: float, quality: int) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    file = io.BytesIO()
    image.resize((round(image.width * scale), round(image.height * scale))).save(
        file, "JPEG", quality=quality
    )
    return file.getvalue()
