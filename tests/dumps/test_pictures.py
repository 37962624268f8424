"""Pictures from a folder: found by every name, and never outside of it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bizmeme.dumps.pictures import PictureFolder
from bizmeme.errors import DataError
from bizmeme.ports.imports import ImportedPost, NoPicture
from tests.dumps.dumping import rules
from tests.dumps.test_tables import HELD

JPEG = b"\xff\xd8\xff\xe0 picture"
POST = ImportedPost(no=60000412, thread_no=60000412, text="", tim=None, **HELD)


def folder(root: Path, *names: str) -> PictureFolder:
    """A folder with these files, each holding its own name after a JPEG's first bytes."""
    (root / "images").mkdir()
    for name in names:
        path = root / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(JPEG + name.encode())
    return PictureFolder(root / "images", rules())


def test_a_picture_is_found_by_the_name_in_the_row_whatever_path_it_has(tmp_path: Path) -> None:
    pictures = folder(tmp_path, "it is over.jpg", "a/x.jpg", "b/x.jpg")
    for called in (
        "it is over.jpg",
        "./it is over.jpg",
        "C:\\memes\\it is over.jpg",
        "/home/me/it is over.jpg",
    ):
        assert pictures.of(replace(POST, picture=called)) == JPEG + b"it is over.jpg"
    assert pictures.of(replace(POST, picture="old/b/x.jpg")) == JPEG + b"b/x.jpg"
    assert pictures.of(replace(POST, picture="x.jpg")) == NoPicture("several files have its name", "x.jpg")


@pytest.mark.parametrize("name", ["60000412.png", "1759924800123456.webp", "1759924800123456s.jpg"])
def test_a_picture_is_found_by_number_and_by_the_boards_own_name(tmp_path: Path, name: str) -> None:
    post = replace(POST, tim=1759924800123456, picture="https://elsewhere.example/1759924800123456.jpg")
    assert folder(tmp_path, name).of(post) == JPEG + name.encode()
    assert PictureFolder(tmp_path / "images", rules()).of(replace(POST, no=5)) == NoPicture()


def test_a_path_that_climbs_out_is_refused_even_where_a_file_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    pictures = folder(tmp_path, "secret.jpg")
    for called in (
        "../secret.jpg",
        "a/../../secret.jpg",
        "..\\secret.jpg",
        "https://x.example/../secret.jpg",
    ):
        found = pictures.of(replace(POST, picture=called))
        assert isinstance(found, NoPicture)
        assert found.reason == "the picture's path leads out of its folder"


def test_links_out_of_the_folder_are_refused_and_links_inside_are_not(tmp_path: Path) -> None:
    pictures = folder(tmp_path, "real.jpg")
    (tmp_path / "outside.jpg").write_bytes(JPEG)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "deep.jpg").write_bytes(JPEG)
    images = tmp_path / "images"
    (images / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (images / "inner.jpg").symlink_to(images / "real.jpg")
    (images / "far").symlink_to(tmp_path / "outside")
    (images / "loop.jpg").symlink_to(images / "loop.jpg")
    os.mkfifo(images / "pipe.jpg")
    pictures = PictureFolder(images, rules())
    reasons = {
        name: pictures.of(replace(POST, picture=f"{name}.jpg"))
        for name in ("link", "inner", "deep", "loop", "pipe")
    }
    assert reasons["inner"] == JPEG + b"real.jpg"
    assert reasons["link"] == NoPicture("the picture is a link out of its folder", "link.jpg")
    assert reasons["deep"] == NoPicture("the picture is not in the folder", "deep.jpg")
    assert isinstance(reasons["loop"], NoPicture)
    assert reasons["pipe"] == NoPicture("the picture is no file", "pipe.jpg")


def test_what_is_no_picture_or_too_large_is_refused(tmp_path: Path) -> None:
    pictures = folder(tmp_path, "large.jpg")
    images = tmp_path / "images"
    (images / "page.jpg").write_bytes(b"<html>just a moment</html>")
    (images / "nulls.png").write_bytes(b"\0" * 100)
    (images / "large.jpg").write_bytes(JPEG + b"x" * 2**20)
    pictures = PictureFolder(images, rules({"limits": {"picture_mib": "1"}}))
    told = [pictures.of(replace(POST, picture=name)) for name in ("page.jpg", "nulls.png", "large.jpg")]
    assert [each.reason for each in told if isinstance(each, NoPicture)] == [
        "not a JPEG, PNG, GIF or WebP picture",
        "not a JPEG, PNG, GIF or WebP picture",
        "the picture is larger than 1 MiB",
    ]


def test_an_address_of_the_configured_host_is_left_for_later_and_any_other_refused(tmp_path: Path) -> None:
    nowhere = PictureFolder(None, rules())
    ours = replace(POST, picture="https://i.4cdn.org/biz/1.jpg", media_path="/biz/1.jpg")
    assert nowhere.of(ours) == NoPicture()
    foreign = nowhere.of(replace(POST, picture="https://evil.example/1.jpg"))
    assert isinstance(foreign, NoPicture)
    assert foreign.reason == "the picture's address is not of the configured media host"
    named = nowhere.of(replace(POST, picture="x.jpg"))
    assert named == NoPicture("no folder of pictures was named (--pictures)", "x.jpg")
    assert nowhere.of(POST) == NoPicture()


def test_hostile_names_of_pictures_find_nothing(tmp_path: Path) -> None:
    pictures = folder(tmp_path, "x.jpg")
    for called in ("\0x.jpg", "http://[x/y.jpg", "//", "http://", "a" * 10_000, "x.jpg/", ".", " "):
        assert not isinstance(pictures.of(replace(POST, no=5, picture=called)), bytes) or called == "x.jpg/"


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        PictureFolder(tmp_path / "nowhere", rules())
