"""What pictures show: usual, murky, in the reserved manner, and copied."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bizmeme.core import duplicates
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.pictures.drawing import Picture, copied, draw
from bizmeme.sandbox.pictures.edits import Edit
from bizmeme.sandbox.pictures.scenes import DRAW
from bizmeme.sandbox.pictures.scenes_unseen import DRAW_UNSEEN
from tests.sandbox.pictures.pictures import Compared, outlines, painted, picture

EDITS: tuple[Edit, ...] = ("recompressed", "cropped", "captioned")
SIZES = [(112, 112), (112, 140), (150, 112), (320, 240)]


def pixels(shown: Picture) -> npt.NDArray[np.int16]:
    return np.asarray(draw(shown), dtype=np.int16)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("looks", [{}, {"murky": True}, {"unseen": True}], ids=["usual", "murky", "unseen"])
def test_a_description_is_drawn_the_same_every_time(scene: str, looks: dict[str, object]) -> None:
    once, again = (draw(picture(scene, **looks)).tobytes() for _ in range(2))  # type: ignore[arg-type]
    assert once == again


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("murky", [False, True])
@pytest.mark.parametrize("edit", ["", *EDITS])
def test_a_picture_has_the_size_that_it_says(size: tuple[int, int], murky: bool, edit: Edit) -> None:
    original = picture("rocket", width_px=size[0], height_px=size[1], murky=murky)
    for key in ("a", "b", "c", "d"):
        shown = copied(original, key, edit) if edit else original
        assert draw(shown).size == (shown.width_px, shown.height_px)
        assert draw(shown).mode == "RGB"
        assert edit or (shown.width_px, shown.height_px) == size


# --- near copies: the rule by which the project keeps the parts of its data apart ----------------------


def test_independent_pictures_hardly_ever_tie() -> None:
    count = 3_000  # some five CPU seconds
    compared = Compared(painted("independent", count))
    assert compared.tied_pairs() <= count * (count - 1) / 2 / 10_000


def test_independent_pictures_of_the_reserved_manner_hardly_ever_tie() -> None:
    count = 600
    shown = [picture([*SCENES][k % 6], f"u{k}", unseen=True, murky=k % 8 == 0) for k in range(count)]
    assert Compared(shown).tied_pairs() <= count * (count - 1) / 2 / 10_000


def test_ties_are_counted_as_the_project_counts_them() -> None:
    shown = painted("counted", 30)
    compared = Compared([*shown, *(copied(one, f"again {one.key}", "recompressed") for one in shown[:9])])
    pairs = duplicates.tied_pairs(compared.hashes, compared.thumbnails.astype(np.uint8))
    assert compared.tied_pairs() == len(pairs) >= 8


@pytest.mark.parametrize(("edit", "least", "most"), [("recompressed", 0.9, 1), ("cropped", 0, 0.6)])
def test_a_recompressed_copy_ties_and_a_cropped_one_often_escapes(
    edit: Edit, least: float, most: float
) -> None:
    roots = painted("roots", 150)
    compared = Compared([*roots, *(copied(one, f"copy {one.key}", edit) for one in roots)])
    tied = [compared.ties(k, np.array([k + len(roots)])) for k in range(len(roots))]
    assert least <= np.mean(tied) <= most


# --- murky: for everyone harder to see, and still the same drawing -------------------------------------


def steps(shown: Picture, side_px: int) -> float:
    """The mean difference between neighbours of a picture scaled to that side; of 255."""
    small = draw(shown).resize((side_px, side_px), Image.Resampling.BOX)
    return float(np.abs(np.diff(np.asarray(small, dtype=float), axis=1)).mean())


@pytest.mark.parametrize("scene", SCENES)
def test_a_murky_picture_is_fainter_and_noisier(scene: str) -> None:
    pairs = [[picture(scene, f"k{k}", murky=murky) for murky in (False, True)] for k in range(20)]
    contrasts = [steps(murky, 28) / steps(clear, 28) for clear, murky in pairs]  # noise averages out
    assert np.median(contrasts) < 0.56
    assert max(contrasts) < 0.85
    assert min(steps(murky, 112) - steps(clear, 112) for clear, murky in pairs) > 5


@pytest.mark.parametrize("scene", SCENES)
def test_a_murky_picture_still_shows_the_same_drawing(scene: str) -> None:
    clear = np.stack([outlines(picture(scene, f"k{k}")) for k in range(25)])
    murky = np.stack([outlines(picture(scene, f"k{k}", murky=True)) for k in range(25)])
    own = (murky @ clear.T).argmax(axis=1) == np.arange(25)
    assert np.mean(own) >= 0.96  # a picture of the same scene and another key is less alike


# --- the reserved manner ------------------------------------------------------------------------------


def test_every_scene_has_a_usual_and_a_reserved_manner() -> None:
    assert DRAW.keys() == DRAW_UNSEEN.keys() == SCENES.keys()


def test_who_knows_only_the_usual_manner_does_not_know_the_reserved_one() -> None:
    names = [*SCENES] * 60
    known = np.stack([outlines(picture(scene, f"known {k}")) for k, scene in enumerate(names)])

    def right(**looks: object) -> float:
        met = [picture(scene, f"met {k}", **looks) for k, scene in enumerate([*SCENES] * 20)]
        return float(np.mean([names[(known @ outlines(one)).argmax()] == one.scene for one in met]))

    assert right() > 0.75
    assert right(unseen=True) < 0.4


def test_only_the_usual_clown_wears_a_red_nose() -> None:
    for k in range(20):
        usual, reserved = (pixels(picture("clown", f"k{k}", unseen=unseen)) for unseen in (False, True))
        assert (usual == (230, 23, 23)).all(axis=2).sum() > 50
        assert (reserved == (230, 23, 23)).all(axis=2).sum() < 10


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("unseen", [False, True])
def test_the_face_shows_and_nothing_else_hangs_on_its_colour(scene: str, unseen: bool) -> None:
    for k in range(8):
        green, pink = (
            pixels(picture(scene, f"k{k}", face=face, unseen=unseen)) for face in ("green", "pink")
        )
        other = np.abs(green - pink).max(axis=2) > 20
        assert 0.02 < other.mean() < 0.2
        rows, columns = np.flatnonzero(other.any(axis=1)), np.flatnonzero(other.any(axis=0))
        assert max(np.ptp(rows), np.ptp(columns)) < 0.6 * 112  # one place, not the whole picture


# --- copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", EDITS)
def test_a_copy_tells_what_it_was_made_of(edit: Edit) -> None:
    original = picture("clown", "first", murky=True, unseen=True, ext=".png")
    copy = copied(original, "second", edit)
    assert (copy.key, copy.root, copy.edit, copy.original) == ("second", "first", edit, original)
    assert (copy.scene, copy.face, copy.murky, copy.unseen) == ("clown", "green", True, True)
    assert original.root == "first"
    assert copied(copy, "third", edit) == copied(original, "third", edit)  # of a copy: of the first drawing


def test_a_recompressed_copy_is_a_jpg_and_others_are_saved_as_either() -> None:
    original = picture("climb", ext=".gif")
    assert {copied(original, f"c{k}", "recompressed").ext for k in range(20)} == {".jpg"}
    assert {copied(original, f"c{k}", "cropped").ext for k in range(20)} == {".jpg", ".png"}


@pytest.mark.parametrize("edit", EDITS)
def test_two_copies_of_one_picture_differ(edit: Edit) -> None:
    assert (
        draw(copied(picture("crash"), "a", edit)).tobytes()
        != draw(copied(picture("crash"), "b", edit)).tobytes()
    )


@pytest.mark.parametrize("murky", [False, True])
def test_a_recompressed_copy_is_the_same_but_for_small_errors(murky: bool) -> None:
    original = picture("range", murky=murky)
    copies = [copied(original, f"c{k}", "recompressed") for k in range(60)]
    for copy in copies:
        back = np.asarray(draw(copy).resize((112, 112), Image.Resampling.BICUBIC), dtype=np.int16)
        assert 0 < np.abs(back - pixels(original)).mean() < (30 if murky else 12)  # JPEG removes the noise
    scales = [copy.width_px / 112 for copy in copies]
    assert 0.79 < min(scales) < 0.9
    assert 1.1 < max(scales) < 1.26
    assert 15 < scales.count(1.0) < 45


def test_a_cropped_copy_is_a_part_of_its_original() -> None:
    whole = pixels(picture("flames"))
    for key in ("a", "b", "c", "d", "e"):
        part = pixels(copied(picture("flames"), key, "cropped"))
        lost = [1 - part.shape[axis] / 112 for axis in (0, 1)]
        assert 0.03 < sum(lost) < 0.14  # by rounding a little more or less than 4 to 12 %
        places = [(y, x) for y in range(113 - part.shape[0]) for x in range(113 - part.shape[1])]
        assert any((whole[y : y + len(part), x : x + part.shape[1]] == part).all() for y, x in places)


@pytest.mark.parametrize("size", SIZES)
def test_a_captioned_copy_is_its_original_with_words_above_or_below(size: tuple[int, int]) -> None:
    original = picture("clown", width_px=size[0], height_px=size[1])
    whole, above = pixels(original), set()
    for key in ("a", "b", "c", "d", "e", "f"):
        copy = pixels(copied(original, key, "captioned"))
        bar = len(copy) - len(whole)
        assert bar >= 16
        above.add(top := bool((copy[bar:] == whole).all()))
        assert top or (copy[:-bar] == whole).all()
        lettered = np.ptp((copy[:bar] if top else copy[-bar:]).mean(axis=2), axis=0) > 100
        assert lettered.mean() > 0.02  # of the bar's columns
    assert above == {True, False}
