"""The board's JSON, made up and real."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizmeme.ports.sources import KeptPost, Page, RawPost
from bizmeme.sources.board import Config, build

MD5 = "9q0a9DEJBTtwsfyKZmzJpA=="
BOARD = build(Config(name="board", board="biz", base_url="http://x", media_url="http://y"))

# SHA-256 of the texts of posts in the real captures, written by hand before the parser was.
BY_HAND = {
    456354139: "874ff74ab80220deb3ced23557040569c9a5dfb681bdc1795802d5936a1ec2b3",
    456354990: "61e886b4d55581a6533e847de5f1fd18734bf9c17a6f4ea9b4d261106c360f11",
    456355312: "fad07a29a61887fe7ec4c029fb7394bbee625e57cfbc74668ebd62aa6d417a8c",
    456355379: "a5de5dea6b957ac851cf477c4afab3ce14d5e168a8f5cff32c13a213f75db3ec",
    456360063: "6976e47f638ceacf9dd3ec932d45d2c4de0b8983c2725573a4f58433d5adc2ea",
    456357514: "e0d374f1e794bc507e5a26d903854511dabf36c711ad7b8423d41dda2e8b9117",
    456359839: "4f2a1f5a44b5ff6c27c84751833e9dddbff79f62635af8c69b6fd1117bc60741",
    227110030: "159f28ef95dd6207ba0eb4d0bf9022d515dbad9df8566bf1747a08a7f6f08bc4",
    227111240: "932eb698a67878485cbf8a60ad73a6b8e163767e19201123228c978f8b942b59",
    227100360: "fa0ec6333cd13b9397f12dddc2517c2d18a992d36f1e736050e38ea9c3fa240e",
    227106489: "42d46d75a48eb969b2ec1f5dec939e10c4f7ba27e9e6645576ba174f76692da9",
    227111000: "4907b4363f6f78cfcf20c71866d6f488334cb69dba2619873ad8af4b9ec471d2",
    2958911: "3c6658aa4d992c7289487bcd7e76dde71061af23329236d166b212919344b081",
}


def posts(body: Any) -> list[RawPost]:
    return BOARD.posts(Page("/biz/thread/1.json", 200, None, json.dumps(body).encode()))


def test_an_opening_post_with_a_file_is_read_whole() -> None:
    (post,) = posts({"posts": [{
        "no": 7, "resto": 0, "time": 1759276800, "sub": "it&#039;s over", "com": "sell<br>now", "replies": 3,
        "tim": 1759276800123456, "ext": ".png", "md5": MD5, "filename": "x", "unknown_key": [1],
    }]})  # fmt: skip
    assert post == RawPost(
        board="biz", no=7, thread_no=7, posted_at=1759276800, subject="it's over", text="sell\nnow",
        replies=3, media_path="/biz/1759276800123456.png", media_md5=MD5, media_ext=".png",
        file_deleted=False, banned=False, deleted=False,
    )  # fmt: skip


def test_a_reply_belongs_to_its_thread_and_may_have_neither_text_nor_file() -> None:
    (post,) = posts({"posts": [{"no": 8, "resto": 7, "time": 1}]})
    assert (post.thread_no, post.text, post.media_path, post.replies) == (7, "", None, None)


def test_a_time_stamp_without_an_extension_is_no_file() -> None:
    (post,) = posts({"posts": [{"no": 8, "time": 1, "tim": 1759276800123456}]})
    assert (post.media_path, post.media_ext) == (None, None)


def test_a_film_is_no_picture() -> None:
    (post,) = posts({"posts": [{"no": 8, "time": 1, "tim": 5, "ext": ".webm"}]})
    assert (post.media_path, post.media_ext) == (None, ".webm")


@pytest.mark.parametrize(
    "raw",
    [
        {"resto": 0, "replies": 0, "images": 0, "unique_ips": 1, "semantic_url": None},
        {"no": "8", "time": 1},
        {"no": 8},
        {"no": 2**80, "time": 1},
        {"no": 8, "time": 10**30},
        {"no": -8, "time": 1},
        "not an object",
        None,
    ],
)
def test_a_malformed_post_is_left_out_and_its_thread_is_not(raw: Any) -> None:
    assert [post.no for post in posts({"posts": [raw, {"no": 9, "time": 1}]})] == [9]


@pytest.mark.parametrize("body", [[], {}, [1, 2], "x", None, {"posts": 3}, {"threads": [[]]}])
def test_pages_that_hold_no_post_give_none(body: Any) -> None:
    assert posts(body) == []


def test_hostile_fields_never_reach_a_path() -> None:
    (post,) = posts({"posts": [{"no": 8, "time": 1, "tim": "../../etc/passwd", "ext": ".png", "md5": 3}]})
    assert (post.media_path, post.media_md5) == (None, None)
    (post,) = posts({"posts": [{"no": 8, "time": 1, "tim": 5, "ext": "/../x.png"}]})
    assert post.media_path is None


def test_half_a_surrogate_pair_and_a_bottomless_body_do_no_harm() -> None:
    (post,) = posts({"posts": [{"no": 8, "time": 1, "com": "hi \ud83d", "md5": "\ud83d", "ext": "\ud83d"}]})
    assert (post.text, post.media_md5, post.media_ext) == ("hi", None, None)
    deep = b"[" * 200_000 + b"]" * 200_000
    assert BOARD.posts(Page("/biz/catalog.json", 200, None, deep)) == []


def test_a_kept_post_carries_what_only_its_thread_knows() -> None:
    kept = KeptPost("biz", 9, 9, '{"no":9,"resto":0,"time":1,"replies":2}', replies=7, deleted=True)
    malformed = KeptPost("biz", 8, 8, "[]", replies=None, deleted=False)
    (post,) = BOARD.read([malformed, kept], [])
    assert (post.no, post.replies, post.deleted) == (9, 7, True)


def test_a_thread_without_a_number_is_passed_over() -> None:
    assert BOARD.posts(Page("/biz/catalog.json", 200, None, b'[{"threads": [{}]}]')) == []


def test_an_html_page_holds_no_post() -> None:
    assert BOARD.posts(Page("/biz/catalog.json", 200, None, b"<html>just a moment</html>")) == []


@pytest.fixture
def captures() -> list[Path]:
    folder = os.environ.get("BIZMEME_REAL_CAPTURES")
    if not folder:
        pytest.skip("BIZMEME_REAL_CAPTURES is not set: real captures are not part of the repository")
    return sorted(Path(folder, "fourchan").glob("*.json"))


def test_every_post_of_the_real_captures_is_read(captures: list[Path]) -> None:
    counts = {path.name: len(_of(path)) for path in captures}
    assert counts == {
        "catalog_a_2019-02_excerpt.json": 6,
        "catalog_vg_pretty.json": 596,
        "thread_v_456354102_2019-03.json": 18,
    }


def test_texts_of_real_posts_are_as_written_by_hand(captures: list[Path]) -> None:
    texts = {post.no: post.text for path in captures for post in _of(path)}
    assert {no: hashlib.sha256(texts[no].encode()).hexdigest() for no in BY_HAND} == BY_HAND


def _of(path: Path) -> list[RawPost]:
    return BOARD.posts(Page("/biz/x.json", 200, None, path.read_bytes()))
