"""The JSON keeps the invariants that were measured on real captures."""

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import BANNED, DEAD_QUOTE, FILE_GONE, STICKY_NO, UNNAMED, Timeline
from bizmeme.sandbox.live.process import load
from bizmeme.sandbox.live.rendering import MALFORMED, Renderer, dumped
from bizmeme.sandbox.live.stage import replay_of
from bizmeme.sandbox.live.state import Board
from bizmeme.sandbox.live.timeline import build
from bizmeme.sandbox.live.words import Words
from bizmeme.sandbox.words.markup import new_york
from tests.sandbox.live.conftest import DAY, small
from tests.sandbox.live.test_timeline import moments

FILE_KEYS = {"filename", "ext", "w", "h", "tn_w", "tn_h", "tim", "md5", "fsize"}


def states(timeline: Timeline, day: LiveConfig, number: int = 20) -> Iterator[Board]:
    replay = replay_of(timeline, day)
    for at in moments(day, number):
        yield replay.advance(at)


def entries(body: bytes) -> list[dict[str, Any]]:
    return [thread for page in json.loads(body) for thread in page["threads"]]


def test_every_catalog_entry_adds_up(day: LiveConfig, timeline: Timeline, renderer: Renderer) -> None:
    miscounted = seen = 0
    for board in states(timeline, day):
        for entry in entries(renderer.catalog(board)):
            last = entry.get("last_replies", [])
            assert entry["replies"] == entry.get("omitted_posts", 0) + len(last)
            assert len(last) == min(day.wire.window, entry["replies"])
            assert ("last_replies" in entry) == (entry["replies"] > 0)
            assert ("omitted_posts" in entry) == (entry["replies"] > day.wire.window)
            assert [post["no"] for post in last] == sorted(post["no"] for post in last)
            assert all(post["resto"] == entry["no"] for post in last)
            assert entry["last_modified"] >= max(post["time"] for post in [entry, *last])
            files = sum("tim" in post for post in last)
            miscounted += entry["images"] != entry.get("omitted_images", 0) + files
            seen += entry["replies"] > day.wire.window
    assert 0.3 < miscounted / seen < 0.6  # about half of the real ones


def test_indexes_agree_and_the_sticky_comes_first(
    day: LiveConfig, timeline: Timeline, renderer: Renderer
) -> None:
    for board in states(timeline, day):
        catalog, threads = renderer.catalog(board), renderer.threads(board)
        keys = ("no", "last_modified", "replies")
        assert [{key: row[key] for key in keys} for row in entries(catalog)] == entries(threads)
        pages = json.loads(catalog)
        assert [page["page"] for page in pages] == list(range(1, len(pages) + 1))
        assert all(len(page["threads"]) == 15 for page in pages[:-1])
        rows = entries(catalog)
        assert ["sticky" in row for row in rows] == sorted(("sticky" in row for row in rows), reverse=True)
        (old,) = [row for row in rows if "sticky_cap" in row]
        assert old["no"] == STICKY_NO
        assert old["replies"] <= old["sticky_cap"] == 1_000
        for entry in rows:
            flags = {"bumplimit", "imagelimit"} & entry.keys()
            assert flags == (set() if "sticky" in entry else {"bumplimit", "imagelimit"})


def test_a_thread_is_whole_and_like_its_entry(
    day: LiveConfig, timeline: Timeline, renderer: Renderer
) -> None:
    for board in states(timeline, day, 5):
        for entry in entries(renderer.catalog(board)):
            thread = board.threads[entry["no"]]
            opening, *replies = json.loads(renderer.thread(board, thread))["posts"]
            assert len(replies) == opening["replies"] == entry["replies"]
            assert opening["images"] == sum("tim" in post for post in replies)
            nos = [post["no"] for post in replies]
            assert nos == sorted(nos)
            last = entry.get("last_replies", [])
            assert replies[len(replies) - len(last) :] == last
            extras = {"last_modified", "last_replies", "omitted_posts", "omitted_images"}
            shared = {key: value for key, value in entry.items() if key not in extras}
            assert {key: value for key, value in opening.items() if key != "tail_size"} == shared


def test_a_post_has_the_fields_of_a_real_one(day: LiveConfig, timeline: Timeline, renderer: Renderer) -> None:
    (board,) = states(timeline, day, 1)
    nameless = trips = 0
    for thread in map(board.threads.__getitem__, sorted(board.live)):
        for post in json.loads(renderer.thread(board, thread))["posts"]:
            assert post["now"] == new_york(post["time"])
            assert post.get("com", "-") != ""
            assert "com" in post or "tim" in post or "filedeleted" in post
            assert len(post["id"]) == 8 or post["id"] == "Mod"
            assert ("filedeleted" in post) <= (not FILE_KEYS & post.keys())
            nameless += "name" not in post
            trips += "trip" in post
            if "tim" in post:
                assert post.keys() >= FILE_KEYS
                assert 0 <= post["tim"] / 1e6 - post["time"] <= 1
                assert max(post["tn_w"], post["tn_h"]) <= (125 if post["resto"] else 250)
    assert nameless
    assert trips > nameless


def test_a_tail_is_of_live_long_threads_alone_and_its_stub_names_the_post_before(
    day: LiveConfig, timeline: Timeline, renderer: Renderer
) -> None:
    tails = 0
    for board in states(timeline, day, 4):
        for thread in board.threads.values():
            body = renderer.tail(board, thread)
            assert (body is not None) == (thread.fate == "live" and thread.replies >= 100)
            if body is None:
                continue
            tails += 1
            whole = json.loads(renderer.thread(board, thread))["posts"]
            stub, *last = json.loads(body)["posts"]
            assert last == whole[-50:]
            assert stub["tail_id"] == whole[-51]["no"]
            assert stub["tail_size"] == whole[0]["tail_size"] == 50
            assert stub["replies"] == whole[0]["replies"]
            assert not {"time", "com", "resto"} & stub.keys()
    assert tails


def test_an_archived_thread_is_closed_and_has_lost_its_poster_ids(
    day: LiveConfig, timeline: Timeline, renderer: Renderer
) -> None:
    (board,) = states(timeline, day, 1)
    nos = json.loads(renderer.archive(board))
    assert set(nos) == board.archived
    assert nos != sorted(nos)
    for no in nos[:50]:
        opening, *replies = json.loads(renderer.thread(board, board.threads[no]))["posts"]
        assert (opening["archived"], opening["closed"]) == (1, 1)
        assert opening["archived_on"] >= max(post["time"] for post in [opening, *replies])
        assert not any("id" in post for post in [opening, *replies])


def test_a_quote_is_dead_exactly_while_the_quoted_post_is_gone(
    day: LiveConfig, timeline: Timeline, renderer: Renderer
) -> None:
    dead = 0
    for board in states(timeline, day, 4):
        for no in sorted(board.live):
            shown = set(board.threads[no].shown)
            for reply in json.loads(renderer.thread(board, board.threads[no]))["posts"]:
                for quoted in timeline.posts[reply["no"]].quotes:
                    gone = f'<span class="deadlink">&gt;&gt;{quoted}</span>' in reply["com"]
                    assert gone == (quoted not in shown)
                    assert gone != (f'href="#p{quoted}"' in reply["com"])
                    dead += gone
    assert dead > 50


def test_each_mark_changes_what_it_says(timeline: Timeline, renderer: Renderer) -> None:
    full = next(
        post for post in timeline.posts.values() if post.named and post.upload is not None and post.quotes
    )
    plain = renderer.fields(full, 0)
    assert renderer.fields(full, BANNED)["com"].startswith(plain["com"])  # type: ignore[attr-defined]
    assert "(USER WAS " in str(renderer.fields(full, BANNED)["com"])
    assert plain.keys() - renderer.fields(full, FILE_GONE).keys() == FILE_KEYS
    assert renderer.fields(full, FILE_GONE)["filedeleted"] == 1
    assert "trip" in plain
    assert "trip" not in renderer.fields(full, UNNAMED)
    assert "deadlink" in str(renderer.fields(full, DEAD_QUOTE)["com"])


def test_equal_headers_mean_equal_bodies() -> None:
    """Else a 304 would hide a change; several things do happen within one second."""
    config = small("traffic.posts_per_day=60000", "traffic.threads_per_day=1000", "traffic.history_hours=2")
    timeline = build(config)
    renderer = Renderer(config, Files(config.seed, config.posts))
    replay, same_second = replay_of(timeline, config), 0
    written: dict[tuple[str, int], bytes] = {}
    hours = [event.at for event in timeline.events if event.at > config.begins_at_s][:600]
    for before, at in zip([0.0, *hours], hours, strict=False):
        board = replay.advance(at)
        same_second += int(before) == int(at)
        bodies = {("index", board.index_header.at_s): renderer.catalog(board) + renderer.threads(board)}
        for no in board.live:
            thread = board.threads[no]
            bodies[str(no), thread.header.at_s] = renderer.thread(board, thread)
            assert thread.header.at_s >= thread.modified_at
        for key, body in bodies.items():
            assert written.setdefault(key, body) == body
    assert same_second > 40


def test_every_upload_has_its_own_md5_and_decodes(day: LiveConfig) -> None:
    files = Files(day.seed, day.posts)
    facts = {upload: files.facts(upload) for upload in range(400)}
    sound = [upload for upload in facts if not files.picture(upload).flaw]
    assert len({facts[upload].md5 for upload in sound}) == len(sound)
    assert {facts[upload].ext for upload in facts} >= {".jpg", ".png", ".gif"}
    for upload in sound:
        data = files.data(upload)
        assert facts[upload].fsize == len(data)
        assert facts[upload].md5 == base64.b64encode(hashlib.md5(data).digest()).decode()
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert image.size == (facts[upload].width_px, facts[upload].height_px)
        size = files.thumbnail_size(upload, longest_px=125)
        for picture, wanted in (
            (files.thumbnail(upload, longest_px=125), size),
            (files.polished(upload), None),
        ):
            with Image.open(io.BytesIO(picture)) as image:
                image.load()
                assert wanted in (None, image.size)
    assert {files.picture(upload).flaw for upload in facts} > {"", "video"}


def test_the_malformed_thread_is_the_real_one() -> None:
    (post,) = json.loads(MALFORMED)["posts"]
    assert post == {"resto": 0, "replies": 0, "images": 0, "unique_ips": 1, "semantic_url": None}


@pytest.mark.parametrize("window", [3, 5])
def test_the_window_is_configured(window: int, timeline: Timeline, day: LiveConfig) -> None:
    config = load(DAY, [f"wire.window={window}"])
    (board,) = states(timeline, day, 1)
    catalog = entries(Renderer(config, Files(config.seed, config.posts)).catalog(board))
    assert max(len(entry.get("last_replies", [])) for entry in catalog) == window


def test_some_posts_hold_characters_that_break_careless_programs(day: LiveConfig, timeline: Timeline) -> None:
    posts = list(timeline.posts.values())[2_000:2_120]
    usual, odd = (dumped([Words(day.seed, share).com(post, 0) for post in posts]) for share in (0.0, 0.5))
    assert odd.isascii()
    for character in (rb"\u0000", rb"\ud83d", rb"\u202e", rb"\u0337", rb"\uffff"):
        assert character in odd
        assert character not in usual
