"""Answers made within one second: an older one deletes nothing that a younger one has shown."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.catalog import Entry, Glimpse, Held, extended, judged, reconciled

THREAD, WINDOW = 100, 5
START = 1_764_000_000


def thread(pauses_s: list[int]) -> list[Glimpse]:
    """Its posts, each so many seconds after the one before."""
    times = [START + sum(pauses_s[:at]) for at in range(len(pauses_s) + 1)]
    return [Glimpse(THREAD + at, when, f"{at}", has_file=False) for at, when in enumerate(times)]


def entry(posts: list[Glimpse], *, modified: int | None = None) -> Entry:
    replies = posts[1:]
    return Entry(
        THREAD, modified or posts[-1].posted_at, len(replies), 0, "", pruned=False,
        omitted=max(0, len(replies) - WINDOW), tail_size=0, opening=posts[0], window=tuple(replies[-WINDOW:]),
    )  # fmt: skip


def held(posts: list[Glimpse]) -> Held:
    """The thread as its page showed it."""
    known = {post.no: post for post in posts}
    return Held(posts[-1].posted_at, len(posts) - 1, 0, "", whole=True, posts=known)


PAUSES = st.lists(st.sampled_from([0, 0, 1, 7]), min_size=1, max_size=12)


@settings(deadline=None)
@given(PAUSES, st.data(), st.sampled_from([None, 0, 1, 2]))
def test_a_catalog_older_than_the_page_deletes_nothing(
    pauses: list[int], data: st.DataObject, late_s: int | None
) -> None:
    posts = thread(pauses)
    shown = posts[: data.draw(st.integers(1, len(posts)))]
    made_at = None if late_s is None else shown[-1].posted_at + late_s
    if made_at is not None and len(shown) < len(posts):
        made_at = min(made_at, posts[len(shown)].posted_at + 2)  # as far as the board's clocks disagree
    assert judged(entry(shown), held(posts), made_at=made_at).changes.gone == ()


@given(PAUSES, st.integers(3, 90))
def test_a_catalog_made_later_tells_that_the_newest_was_deleted_though_no_date_moved(
    pauses: list[int], later_s: int
) -> None:
    posts = thread(pauses)
    left = posts[:-1]
    if len(left) > 1:
        silent = entry(left, modified=posts[-1].posted_at)
        made_at = posts[-1].posted_at + later_s
        assert judged(silent, held(posts), made_at=made_at).changes.gone == (posts[-1].no,)


@given(PAUSES, st.data())
def test_a_tail_or_a_page_older_than_the_catalog_deletes_nothing(
    pauses: list[int], data: st.DataObject
) -> None:
    posts = thread(pauses)
    shown = posts[: data.draw(st.integers(1, len(posts)))]
    begins = data.draw(st.integers(1, len(shown)))
    tail = extended(
        shown[begins:],
        held(posts),
        tail_id=shown[begins - 1].no,
        replies=len(shown) - 1,
        thread_no=THREAD,
    )
    assert tail is None or tail.gone == ()
    assert reconciled(shown, held(posts), pruned=False, fresh=False).gone == ()


def test_a_tail_tells_of_an_older_reply_that_was_deleted() -> None:
    posts = thread([1] * 9)
    left = [post for post in posts if post.no != THREAD + 7]
    tail = extended(left[5:], held(posts), tail_id=left[4].no, replies=8, thread_no=THREAD)
    assert tail is not None
    assert tail.gone == (THREAD + 7,)
