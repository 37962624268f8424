"""The same posts from pages of every generation, written in any manner."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.sandbox.fuuka.dialects import DIALECTS, Generation
from bizmeme.sandbox.fuuka.entries import Entry, Excerpt
from bizmeme.sources.warosu.pages import read_page
from bizmeme.sources.warosu.posts import ArchivePage
from bizmeme.sources.warosu.stamps import raw_posts
from tests.sources.warosu.making import excerpts, mangled, page, told

MANNERS = settings(max_examples=60)
DICE = st.integers(0, 2**32 - 1).map(random.Random)  # a page has more choices than hypothesis can shrink
THREADS = st.integers(1, 4)
GENERATIONS = list(DIALECTS)


def entries(shown: list[Excerpt]) -> list[Entry]:
    return [each for excerpt in shown for each in excerpt.entries if not each.ghost]


def read(page: ArchivePage) -> dict[int, dict[str, object]]:
    """Every post of a page, as `told` says it."""
    posts = {post.no: post for thread in page.threads for post in thread.posts}
    raw = {post.no: post for post in raw_posts(page.threads, board="biz")}
    return {
        no: {
            "no": no,
            "thread_no": raw[no].thread_no,
            "posted_at": raw[no].posted_at,
            "subject": raw[no].subject,
            "text": raw[no].text,
            "banned": raw[no].banned,
            "deleted": raw[no].deleted,
            "sticky": posts[no].sticky,
            "md5": raw[no].media_md5,
            "tim": file.tim if (file := posts[no].file) else None,
            "ext": raw[no].media_ext,
            "path": file.path if file else None,
        }
        for no in posts
    }


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("rows", [False, True], ids=["index", "search"])
@MANNERS
@given(dice=DICE, threads=THREADS, key=st.integers(1, 255))
def test_posts_are_the_same_from_any_generation_in_any_manner(
    generation: Generation, rows: bool, dice: random.Random, threads: int, key: int
) -> None:
    shown = excerpts(dice, threads=threads)
    expected = {each.no: told(each) for each in entries(shown)}
    written = mangled(page(shown, DIALECTS[generation], key=key, rows=rows), dice)
    got = read(read_page(written, board="biz"))
    for no, post in expected.items():
        if post["tim"] is not None and post["path"] is None and got[no]["tim"] is None:
            post["tim"] = None  # a page without the thumbnail's address does not tell it
    assert got == expected
    assert got


@pytest.mark.parametrize("generation", GENERATIONS)
@MANNERS
@given(dice=DICE, threads=THREADS)
def test_counts_of_omitted_replies_and_ghosts_survive_any_manner(
    generation: Generation, dice: random.Random, threads: int
) -> None:
    shown = excerpts(dice, threads=threads)
    got = read_page(mangled(page(shown, DIALECTS[generation]), dice), board="biz")
    assert [(thread.no, thread.omitted) for thread in got.threads] == [
        (excerpt.entries[0].no, excerpt.omitted) for excerpt in shown
    ]
    assert got.ghosts == sum(each.ghost > 0 for excerpt in shown for each in excerpt.entries)
    assert got.unreadable == 0
