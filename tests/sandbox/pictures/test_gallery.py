"""The files behind pictures: whole ones of every type, and those that hold no picture."""

import base64
import dataclasses
import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from bizmeme.sandbox import board_json
from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.pictures.drawing import Flaw, Picture, copied, draw
from bizmeme.sandbox.pictures.edits import Edit
from bizmeme.sandbox.pictures.gallery import Gallery, encoded
from bizmeme.sandbox.uploads import paint
from bizmeme.sandbox.world import Thread, World
from bizmeme.shell.pictures import Normalise, Refused, normalise
from tests.sandbox.pictures.pictures import HOW, picture

KINDS = {".jpg": "JPEG", ".png": "PNG", ".gif": "GIF"}
FLAWED: list[tuple[Flaw, str]] = [
    ("truncated", ".jpg"),
    ("truncated", ".png"),
    ("truncated", ".gif"),
    ("video", ".webm"),
    ("video", ".mp4"),
    ("bomb", ".png"),
    ("empty", ".jpg"),
    ("page", ".gif"),
    ("mislabelled", ".jpg"),
]


def opened(shown: Picture) -> Image.Image:
    return Image.open(io.BytesIO(Gallery().file(shown).data))


def test_files_are_what_their_names_say(world: World) -> None:
    for post in world.pictured[:60]:
        if post.picture and not post.picture.flaw:
            image = opened(post.picture)
            assert image.format == KINDS[post.picture.ext]
            assert image.size == (post.picture.width_px, post.picture.height_px)


@pytest.mark.parametrize("ext", KINDS)
def test_a_file_shows_its_picture_whatever_its_type(ext: str) -> None:
    image = opened(picture("rocket", ext=ext))
    assert image.format == KINDS[ext]
    gaps = np.abs(np.asarray(image.convert("RGB"), dtype=int) - np.asarray(draw(picture("rocket"))))
    assert gaps.mean() < 8  # of 255: a JPEG's errors, or those of 256 colours
    assert (gaps.max() == 0) == (ext == ".png")


@pytest.mark.parametrize("edit", ["recompressed", "cropped", "captioned"])
def test_a_copy_is_a_file_of_its_own(edit: Edit) -> None:
    original, gallery = picture("rocket"), Gallery()
    copy = copied(original, "copy", edit)
    assert gallery.file(copy).data != gallery.file(original).data
    assert opened(copy).size == (copy.width_px, copy.height_px)


def test_a_gif_has_one_frame_and_a_palette() -> None:
    image = opened(picture("clown", ext=".gif", murky=True))
    assert (image.mode, getattr(image, "n_frames", 0)) == ("P", 1)
    assert 32 < len(image.getcolors(256) or ()) <= 256


def test_pictures_are_painted_as_jpg_png_and_rarely_gif() -> None:
    exts = [paint(f"p{k}", "climb", stream("ext", k), flaw="").ext for k in range(3_000)]
    for ext, odds in ((".jpg", 0.59), (".png", 0.35), (".gif", 0.027)):
        assert exts.count(ext) / len(exts) == pytest.approx(odds / 0.967, abs=0.03)
    assert {".jpg", ".png", ".gif"} == set(exts)


@pytest.mark.parametrize(
    ("flaw", "exts"), [("video", {".webm", ".mp4"}), ("bomb", {".png"}), ("mislabelled", {".jpg"})]
)
def test_a_flaw_of_one_file_type_is_painted_as_that_type(flaw: Flaw, exts: set[str]) -> None:
    assert {paint(f"p{k}", "climb", stream("ext", k), flaw=flaw).ext for k in range(50)} == exts


def test_how_a_picture_looks_is_passed_on_by_its_painter() -> None:
    painted = paint("p", "climb", stream("p"), flaw="", murky=True, unseen=True)
    plain = paint("p", "climb", stream("p"), flaw="")
    assert (painted.murky, painted.unseen, plain.murky, plain.unseen) == (True, True, False, False)
    assert dataclasses.replace(painted, murky=False, unseen=False) == plain


# --- flaws --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ext", KINDS)
def test_a_truncated_picture_cannot_be_decoded(ext: str) -> None:
    with pytest.raises(OSError, match="truncated"):
        opened(picture("climb", flaw="truncated", ext=ext)).load()


def test_a_video_begins_like_its_container() -> None:
    webm, mp4 = (encoded(picture("climb", ext=ext, flaw="video")) for ext in (".webm", ".mp4"))
    assert webm.startswith(b"\x1a\x45\xdf\xa3")
    assert b"webm" in webm[:40]
    assert mp4[4:12] == b"ftypisom"
    assert int.from_bytes(mp4[:4]) == mp4.index(b"mp41") + 4  # the box ends with its last brand


def test_a_bomb_is_small_and_states_a_huge_picture() -> None:
    file = Gallery().file(picture("climb", ext=".png", flaw="bomb"))
    assert len(file.data) < 200
    assert file.data[12:16] == b"IHDR"
    assert [int.from_bytes(file.data[k : k + 4]) for k in (16, 20)] == [60_000, 60_000]
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(file.data))


def test_an_empty_file_and_an_error_page_are_served_as_they_are() -> None:
    assert encoded(picture("climb", flaw="empty")) == b""
    assert encoded(picture("climb", flaw="page")).startswith(b"<html>")


def test_a_mislabelled_file_is_a_whole_picture_of_another_type() -> None:
    image = opened(picture("climb", flaw="mislabelled"))
    assert image.format == "PNG"
    assert image.tobytes() == draw(picture("climb")).tobytes()


@pytest.mark.parametrize(("flaw", "ext"), FLAWED)
def test_the_pipeline_refuses_every_flaw_but_a_wrong_name(flaw: Flaw, ext: str) -> None:
    limitless = Normalise(max_side_px=512, jpeg_quality=92, max_pixels=10**10)
    for how in (HOW, limitless):
        refused = isinstance(normalise(encoded(picture("climb", ext=ext, flaw=flaw)), how), Refused)
        assert refused == (flaw != "mislabelled")


# --- what the board says of a file --------------------------------------------------------------------


@pytest.mark.parametrize(("flaw", "ext"), [*FLAWED, ("", ".gif")])
def test_the_board_describes_the_bytes_that_it_serves(world: World, flaw: Flaw, ext: str) -> None:
    shown, gallery = picture("flames", flaw=flaw, ext=ext, width_px=320, height_px=240), Gallery()
    opening = next(iter(world.threads.values())).posts[0]
    post = dataclasses.replace(opening, picture=shown, tim=1, oddity="")
    told = _told(Thread((post,), None), gallery)
    data = gallery.file(shown).data
    assert (told["fsize"], told["ext"]) == (len(data), ext)
    assert base64.b64decode(str(told["md5"])) == hashlib.md5(data).digest()
    assert (told["w"], told["h"]) == ((60_000, 60_000) if flaw == "bomb" else (320, 240))
    thumbnail = Image.open(io.BytesIO(gallery.thumbnail(shown, longest_px=board_json.thumbnail_px(post))))
    assert (thumbnail.format, max(thumbnail.size)) == ("JPEG", 250)
    assert thumbnail.size == (told["tn_w"], told["tn_h"])


def _told(thread: Thread, gallery: Gallery) -> dict[str, object]:
    """The board's fields of an opening post."""
    posts = board_json.thread(thread, gallery)["posts"]
    assert isinstance(posts, list)
    fields: dict[str, object] = posts[0]
    return fields
