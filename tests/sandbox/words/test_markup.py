"""The board's own HTML and its own clock."""

import re
from html import unescape

import pytest

from bizmeme.sandbox.words.markup import Link, comment, new_york
from bizmeme.sandbox.world import World


def test_greentext_and_line_breaks_look_like_the_boards() -> None:
    html = comment('>be me\n<3 r&d\n"don\'t"', (), thread_no=1)
    quoted = '<span class="quote">&gt;be me</span>'
    assert html == f"{quoted}<br>&lt;3 r&amp;d<br>&quot;don&#039;t&quot;"


@pytest.mark.parametrize(
    ("link", "html"),
    [
        (Link(12, 10), '<a href="#p12" class="quotelink">&gt;&gt;12</a>'),
        (Link(7, 7), '<a href="/biz/thread/7#p7" class="quotelink">&gt;&gt;7</a>'),
        (Link(3, None), '<span class="deadlink">&gt;&gt;3</span>'),
    ],
)
def test_links_say_where_the_quoted_post_is(link: Link, html: str) -> None:
    assert comment("gm", (link,), thread_no=10) == f"{html}<br>gm"


def test_a_word_breaks_after_35_characters_counted_before_escaping() -> None:
    word = "a&" * 40
    pieces = comment(word, (), thread_no=1).split("<wbr>")
    assert [len(unescape(piece)) for piece in pieces] == [35, 35, 10]


@pytest.mark.parametrize(
    ("posted_at", "now"),
    [
        (1_741_503_599, "03/09/25(Sun)01:59:59"),  # the last second of winter
        (1_741_503_600, "03/09/25(Sun)03:00:00"),
        (1_762_063_199, "11/02/25(Sun)01:59:59"),  # the last second of summer
        (1_762_063_200, "11/02/25(Sun)01:00:00"),
        (1_767_225_600, "12/31/25(Wed)19:00:00"),
    ],
)
def test_now_is_new_york_time_through_daylight_saving(posted_at: int, now: str) -> None:
    assert new_york(posted_at) == now


def test_every_comment_unfolds_to_what_was_typed(world: World) -> None:
    for thread in world.threads.values():
        for post in thread.posts:
            html = comment(post.text, (), thread_no=thread.no)
            plain = re.sub(r"<[^>]*>", "", html.replace("<wbr>", "").replace("<br>", "\n"))
            assert unescape(plain) == post.text
