"""Files of strangers: which one a post shows, and when what came of it is the end."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.files import (
    ELSEWHERE,
    MEANINGS,
    MISHAPS,
    Pending,
    Status,
    Wanted,
    at_first,
    first_look,
    wanted,
)

MD5 = "9q0a9DEJBTtwsfyKZmzJpA=="
RAW: dict[str, Any] = {"no": 1, "tim": 1_759_276_800_123_456, "ext": ".png", "md5": MD5}


def test_posts_that_show_the_same_want_one_file() -> None:
    assert wanted(RAW, board="biz", kind="file") == Wanted(MD5, "file", "/biz/1759276800123456.png")
    again = wanted(RAW | {"no": 2, "tim": 1_759_276_900_000_000}, board="biz", kind="file")
    assert again is not None
    assert again.key == MD5


def test_a_thumbnail_is_always_a_jpeg_a_videos_too() -> None:
    video = RAW | {"ext": ".webm"}
    assert wanted(video, board="biz", kind="thumbnail") == Wanted(
        MD5, "thumbnail", "/biz/1759276800123456s.jpg", longest_px=250
    )


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
    ("ext", "status"),
    [(".png", "wanted"), (".jpg", "wanted"), (".webm", "video"), (".mp4", "video"), (".pdf", "document")],
)
def test_a_file_that_is_no_picture_says_so_and_is_not_asked_for(ext: str, status: str) -> None:
    found = wanted(RAW | {"ext": ext}, board="biz", kind="file")
    small = wanted(RAW | {"ext": ext}, board="biz", kind="thumbnail")
    assert found is not None
    assert small is not None
    assert (at_first(found), at_first(small)) == (status, "wanted")


@pytest.mark.parametrize(
    ("more", "longest_px"),
    [
        ({}, 250),
        ({"resto": 7}, 125),
        ({"tn_w": 90, "tn_h": 60}, 90),
        ({"resto": 7, "tn_w": 40, "tn_h": 125}, 125),
        ({"resto": 7, "tn_w": 9_999, "tn_h": None}, 125),
        ({"tn_w": 0, "tn_h": "80"}, 250),
    ],
)
def test_a_thumbnail_is_as_large_as_the_post_says_else_as_the_board_makes_them(
    more: dict[str, object], longest_px: int
) -> None:
    small = wanted(RAW | more, board="biz", kind="thumbnail")
    full = wanted(RAW | more, board="biz", kind="file")
    assert small is not None
    assert full is not None
    assert (small.longest_px, full.longest_px) == (longest_px, 0)


def test_every_status_has_its_meaning() -> None:
    assert set(MEANINGS) == set(get_args(Status))
    assert MISHAPS < ELSEWHERE < set(MEANINGS)


@pytest.mark.parametrize(
    ("data", "status"), [(b"", "empty"), (bytes(512), "null bytes"), (b"\0\0a", None), (b"<html>", None)]
)
def test_a_file_with_nothing_in_it_is_known_without_decoding(data: bytes, status: str | None) -> None:
    assert first_look(data) == status


@settings(deadline=None)
@given(st.lists(st.sampled_from([*sorted(MISHAPS), "refused"]), max_size=12))
def test_a_mishap_is_asked_again_once_and_a_refusal_four_times_whatever_came_between(
    answers: list[Status],
) -> None:
    pending = Pending(Wanted(MD5, "file", "/biz/1.png"))
    for at, came in enumerate(answers):
        before = answers[:at]
        mishaps, refusals = sum(each in MISHAPS for each in before), before.count("refused")
        last = mishaps == 1 if came in MISHAPS else refusals == 4
        assert pending.ended(came) == (came if last else "wanted")
        if last:
            return
        pending = pending.after(came)


@pytest.mark.parametrize("status", ["ok", "too long", "too many pixels", "too narrow"])
def test_what_would_come_again_is_not_asked_for_again(status: Status) -> None:
    assert Pending(Wanted(MD5, "file", "/biz/1.png")).ended(status) == status
