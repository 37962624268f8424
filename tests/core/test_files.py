"""Files of strangers: which one a post shows, and what its first bytes say."""

from typing import Any

import pytest

from bizmeme.core.files import Wanted, examined, wanted

MD5 = "9q0a9DEJBTtwsfyKZmzJpA=="
RAW: dict[str, Any] = {"no": 1, "tim": 1_759_276_800_123_456, "ext": ".png", "md5": MD5}


def test_posts_that_show_the_same_want_one_file() -> None:
    assert wanted(RAW, board="biz", kind="file") == Wanted(MD5, "file", "/biz/1759276800123456.png")
    again = wanted(RAW | {"no": 2, "tim": 1_759_276_900_000_000}, board="biz", kind="file")
    assert again is not None
    assert again.key == MD5


def test_a_thumbnail_is_always_a_jpeg_and_all_that_is_wanted_of_a_video() -> None:
    video = RAW | {"ext": ".webm"}
    assert wanted(video, board="biz", kind="thumbnail") == Wanted(
        MD5, "thumbnail", "/biz/1759276800123456s.jpg"
    )
    assert wanted(video, board="biz", kind="file") is None


@pytest.mark.parametrize("md5", [None, 7, "../../etc/passwd", MD5 + "=", ""])
def test_a_file_without_a_usable_md5_goes_by_its_path(md5: object) -> None:
    found = wanted(RAW | {"md5": md5}, board="biz", kind="file")
    assert found is not None
    assert found.key == found.path


@pytest.mark.parametrize(
    "change",
    [
        {"ext": None}, {"ext": "png"}, {"ext": ".p/g"}, {"ext": [".png"]}, {"tim": None}, {"tim": "1"},
        {"tim": True}, {"tim": -1}, {"tim": 2**60}, {"filedeleted": 1},
    ],
)  # fmt: skip
def test_what_is_no_file_is_not_wanted(change: dict[str, object]) -> None:
    assert wanted(RAW | change, board="biz", kind="file") is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", "empty"),
        (bytes(512), "null bytes"),
        (b"\xff\xd8\xff\xe0rest", "ok"),
        (b"\x89PNG\r\n\x1a\nrest", "ok"),
        (b"<html>Just a moment", "wrong type"),
        (b"\x1aE\xdf\xa3webm", "wrong type"),
    ],
)
def test_first_bytes_tell_pictures_from_what_is_served_in_their_place(data: bytes, status: str) -> None:
    assert examined(data) == status
