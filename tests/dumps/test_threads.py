"""Thread dumps: the board's JSON in every shape that people keep it in."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bizmeme.ports.sources import Page
from bizmeme.sandbox.board_json import catalog
from bizmeme.sources.board import Config, build
from tests.dumps.dumping import (
    NOON,
    composed,
    gallery,
    json_file,
    opened,
    read,
    reader,
    store,
    threads,
    world,
)

BOARD = build(Config(name="board", board="biz", base_url="", media_url=""))


def one(**fields: Any) -> dict[str, Any]:
    return {"no": 7, "resto": 0, "time": NOON, **fields}


def test_a_post_is_read_by_the_boards_own_parser_and_other_keys_are_kept(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"sub": "it&#039;s over", "com": "sell<br>now", "replies": 2, "filename": "x"}
    file: dict[str, Any] = {"tim": 1759924800123456, "ext": ".jpg", "md5": "9q0a9DEJBTtwsfyKZmzJpA==", "w": 3}
    thread = {"posts": [one(**fields, **file)]}
    result = read(json_file(tmp_path / "x.json", thread))
    (post,) = result.posts
    (parsed,) = BOARD.posts(Page("", 200, None, json.dumps(thread).encode()))
    for name in ("board", "no", "thread_no", "posted_at", "subject", "text", "replies", "media_path",
                 "media_md5", "media_ext", "file_deleted", "banned"):  # fmt: skip
        assert getattr(post, name) == getattr(parsed, name)
    assert (post.tim, post.picture) == (1759924800123456, "1759924800123456.jpg")
    assert post.extra == {"filename": "x", "w": 3}
    assert result.refused == []


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"resto": 0, "replies": 0, "semantic_url": None}, "the number is no post's"),
        (one(no="7"), "the number is no post's"),
        (one(no=True), "the number is no post's"),
        (one(no=2**80), "the number is no post's"),
        (one(time=None), "the date is none between 2001 and 2100, or not written as ISO 8601"),
        (one(time=10**30), "the date is none between 2001 and 2100, or not written as ISO 8601"),
        (one(time="2025-10-08"), "the date is none between 2001 and 2100, or not written as ISO 8601"),
        (one(resto=9), "the thread's number is no thread's, or greater than the post's"),
        (one(com=["x"]), "its comment is no text"),
        (one(com="x" * 20_001), "its comment is longer than 20,000 characters"),
        (one(other="x" * 20_001), "its other columns hold more than 20,000 characters"),
        ([1], "it is no post object"),
        (None, "it is no post object"),
    ],
)
def test_a_malformed_post_is_refused_with_its_place_and_its_thread_is_not(
    tmp_path: Path, raw: object, reason: str
) -> None:
    result = read(json_file(tmp_path / "x.json", {"posts": [raw, one(no=9, resto=7)]}))
    assert [post.no for post in result.posts] == [9]
    assert result.reasons == [("document, posts[0]", reason)]


def test_half_a_surrogate_pair_and_a_nul_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(json.dumps({"posts": [one(com="hi \ud83d\0", name="\ud83d\0x")]}))
    (post,) = read(tmp_path / "x").posts
    assert (post.text, post.extra["name"]) == ("hi", "x")
    assert store().add_posts([post]) == ["new"]


def written(folder: Path, shape: str) -> Path:
    """The small world's threads in one of the shapes."""
    path = folder / "dump"
    posts = [post for thread in threads() for post in thread["posts"]]
    texts = {
        "list of threads": json.dumps(threads()),
        "lines of threads": "\n".join(map(json.dumps, threads())) + "\n",
        "lines of posts": "\n\n".join(map(json.dumps, posts)),
        "list of posts": json.dumps(posts, indent=2),
        "one document": json.dumps({"posts": posts}, indent=1),
    }
    if shape == "folder":
        path.mkdir()
        for number, thread in enumerate(threads()):
            (path / f"{number:05}.json").write_text(json.dumps(thread), encoding="utf-8")
    else:
        path.write_text(texts[shape], encoding="utf-8-sig" if shape == "list of posts" else "utf-8")
    return path


@pytest.mark.parametrize(
    "shape",
    ["list of threads", "lines of threads", "lines of posts", "list of posts", "one document", "folder"],
)
def test_a_world_comes_back_post_by_post_in_every_shape(tmp_path: Path, shape: str) -> None:
    found = [batch for dump in reader().open(written(tmp_path, shape)) for batch in dump.batches(store())]
    posts = {post.no: post for batch in found for post in batch.posts}
    assert [row for batch in found for row in batch.refused] == []
    truth = {post.no: post for thread in world().threads.values() for post in thread.posts}
    assert posts.keys() == truth.keys()
    for no, post in truth.items():
        assert posts[no].posted_at == post.posted_at
        assert posts[no].thread_no == post.thread_no
        assert posts[no].subject == composed(post.subject)
        assert posts[no].text.endswith(composed(post.text))


def test_a_catalog_gives_opening_posts_and_their_newest_replies(tmp_path: Path) -> None:
    body = catalog(world(), gallery())
    result = read(json_file(tmp_path / "catalog.json", body))
    parsed = BOARD.posts(Page("", 200, None, json.dumps(body).encode()))
    assert [post.no for post in result.posts] == [post.no for post in parsed]
    assert result.refused == []


def test_a_list_is_read_piece_by_piece_and_ends_at_what_is_no_json(tmp_path: Path) -> None:
    posts = [one(no=no, com="x" * 500) for no in range(1, 1001)]
    text = json.dumps(posts)[:-1]
    (tmp_path / "x").write_text(text + ", {broken")
    result = read(tmp_path / "x")
    assert len(result.posts) == 1000
    assert result.reasons == [("element 1001", "it is not JSON")]
    (tmp_path / "x").write_text(text)
    assert read(tmp_path / "x").reasons == [("element 1001", "the list ends in the middle")]
    (tmp_path / "x").write_text(text + " 5]")
    assert read(tmp_path / "x").reasons == [("element 1001", "the rest of the list is not JSON")]


def test_a_broken_line_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    lines = [json.dumps(one(no=7)), "{broken", json.dumps(one(no=9)), "[" * 100_000]
    (tmp_path / "x").write_text("\n".join(lines))
    result = read(tmp_path / "x")
    assert [post.no for post in result.posts] == [7, 9]
    assert result.reasons == [("line 2", "it is not JSON"), ("line 4", "it is nested too deeply")]


def test_what_is_larger_than_the_limit_is_refused_unread(tmp_path: Path) -> None:
    over = {"limits": {"document_mib": "1"}}
    huge = json.dumps(one(no=8, com="x" * 2**20))
    (tmp_path / "x").write_text("\n".join([json.dumps(one(no=7)), huge, json.dumps(one(no=9))]))
    result = read(tmp_path / "x", over)
    assert [post.no for post in result.posts] == [7, 9]
    assert [place for place, _ in result.reasons] == ["line 2"]
    (tmp_path / "x").write_text(f"[{json.dumps(one(no=7))}, {huge}]")
    assert "is larger than 1 MiB" in read(tmp_path / "x", over).refused[0].reason


def test_files_of_a_folder_that_cannot_be_taken_are_listed_and_the_others_read(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    json_file(folder / "a.json", {"posts": [one()]})
    json_file(folder / "archive.json", [1, 2, 3])
    (folder / "broken.json").write_text("{")
    (folder / "picture.jpg").write_bytes(b"\xff\xd8")
    json_file(tmp_path / "outside.json", {"posts": [one(no=9)]})
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "gone.json").symlink_to(folder / "nowhere")
    batches = [batch for dump in reader().open(folder) for batch in dump.batches(store())]
    assert [post.no for batch in batches for post in batch.posts] == [7]
    refused = {row.file: row.reason for batch in batches for row in batch.refused}
    assert refused == {
        "archive.json": "it is of no known kind, or broken",
        "broken.json": "it is of no known kind, or broken",
        "gone.json": "it is no file",
        "link.json": "it is a link out of the folder",
    }


@pytest.fixture
def captures() -> list[Path]:
    folder = os.environ.get("BIZMEME_REAL_CAPTURES")
    if not folder:
        pytest.skip("BIZMEME_REAL_CAPTURES is not set: real captures are not part of the repository")
    return sorted(Path(folder, "fourchan").glob("*.json"))


def test_every_post_of_the_real_captures_is_taken(captures: list[Path]) -> None:
    found = {path.name: read(path) for path in captures}
    assert {name: (len(result.posts), result.refused) for name, result in found.items()} == {
        "catalog_a_2019-02_excerpt.json": (6, []),
        "catalog_vg_pretty.json": (596, []),
        "thread_v_456354102_2019-03.json": (18, []),
    }
    assert all(opened(path).kind == "thread dump" for path in captures)
