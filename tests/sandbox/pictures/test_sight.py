"""Pictures are known by their looks, however they were saved."""

from itertools import chain

import pytest

from bizmeme.sandbox.dice import stream
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.pictures.drawing import Flaw, Picture, copied
from bizmeme.sandbox.pictures.edits import Edit
from bizmeme.sandbox.pictures.gallery import Gallery, encoded
from bizmeme.sandbox.pictures.sight import Sight
from bizmeme.sandbox.uploads import paint
from bizmeme.sandbox.world import World
from tests.sandbox.pictures.pictures import painted, picture, resaved

EDITS: tuple[Edit, ...] = ("recompressed", "cropped", "captioned")


@pytest.fixture(scope="module")
def roots() -> list[Picture]:
    unseen = [picture([*SCENES][k % 6], f"unseen {k}", unseen=True, murky=k % 5 == 0) for k in range(60)]
    return [*painted("known", 240), *unseen]


@pytest.fixture(scope="module")
def copies(roots: list[Picture]) -> list[Picture]:
    return [copied(root, f"copy {k}", EDITS[k % 3]) for k, root in enumerate(roots[::3])]


@pytest.fixture(scope="module")
def sight(roots: list[Picture], copies: list[Picture]) -> Sight:
    return Sight([*roots, *copies])


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 95), (1.0, 50), (0.5, 80), (3.0, 70)])
def test_a_picture_is_recognised_after_scaling_and_recompressing(
    world: World, scale: float, quality: int
) -> None:
    sight, gallery = Sight([post.picture for post in world.pictured if post.picture]), Gallery()
    for post in world.pictured[::20]:
        if post.picture and not post.picture.flaw:
            sent = resaved(gallery.file(post.picture).data, scale, quality)
            seen = sight.recognise(sent)
            assert seen
            assert seen.root == post.picture.root


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 90), (1.0, 85), (0.6, 85)])
def test_murky_unseen_and_copied_pictures_are_recognised(
    sight: Sight, roots: list[Picture], copies: list[Picture], scale: float, quality: int
) -> None:
    murky, unseen = ([one for one in roots if which(one)] for which in (_is_murky, _is_unseen))
    assert min(len(murky), len(unseen), len(copies)) > 30
    for shown in chain(murky, unseen, copies):
        seen = sight.recognise(resaved(encoded(shown), scale, quality))
        assert seen
        assert (seen.root, seen.scene, seen.face) == (shown.root, shown.scene, shown.face)
        assert (seen.murky, seen.unseen) == (shown.murky, shown.unseen)


def _is_murky(shown: Picture) -> bool:
    return shown.murky


def _is_unseen(shown: Picture) -> bool:
    return shown.unseen


@pytest.mark.parametrize("edit", ["cropped", "captioned"])
def test_an_edited_copy_is_itself_and_without_it_in_the_world_a_stranger(
    roots: list[Picture], edit: Edit
) -> None:
    original = roots[0]
    copy = copied(original, "a crop too many", edit)
    assert Sight([*roots, copy]).recognise(encoded(copy)) == copy
    assert Sight(roots).recognise(encoded(copy)) is None


def test_a_mislabelled_picture_is_recognised_and_undecodable_ones_are_left_out(roots: list[Picture]) -> None:
    broken: tuple[Flaw, ...] = ("truncated", "video", "bomb", "empty", "page")
    flawed = [picture("climb", f"broken {flaw}", flaw=flaw, ext=".png") for flaw in broken]
    wrong_name = picture("climb", "wrong name", flaw="mislabelled")
    sight = Sight([*roots, *flawed, wrong_name])
    assert sight.recognise(encoded(wrong_name)) == wrong_name
    assert sight.recognise(encoded(picture("climb", "broken video"))) is None


@pytest.mark.parametrize("flaw", ["truncated", "bomb", "empty", "page"])
def test_what_cannot_be_decoded_is_an_os_error(sight: Sight, flaw: Flaw) -> None:
    with pytest.raises(OSError, match=r"trunc|identify|too many"):
        sight.recognise(encoded(picture("climb", flaw=flaw, ext=".png")))


def test_a_picture_of_another_seed_is_a_stranger(world: World, sight: Sight) -> None:
    board = Sight([post.picture for post in world.pictured if post.picture])
    for index, scene in enumerate([*SCENES] * 8):
        stranger = paint(f"elsewhere {index}", scene, stream(index), flaw="", murky=index % 2 == 0)
        assert board.recognise(encoded(stranger)) is None
        assert sight.recognise(encoded(stranger)) is None
