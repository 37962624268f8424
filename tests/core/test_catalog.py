"""A thread seen through a catalog's window is held as the board has it, or its page is asked for."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bizmeme.core.catalog import (
    Changes,
    Entry,
    Glimpse,
    Held,
    extended,
    judged,
    reconciled,
    tail_may_do,
)

THREAD = 100


def post(no: int, *, version: int = 0, has_file: bool = False) -> Glimpse:
    return Glimpse(no, posted_at=no * 10, digest=f"{no}.{version}", has_file=has_file)


@dataclass
class Board:
    """One thread of a board, and what its catalog and its page would show."""

    window: int
    posts: list[Glimpse] = field(default_factory=lambda: [post(THREAD)])
    deleted: list[Glimpse] = field(default_factory=list)
    last_modified: int = THREAD * 10
    signs: str = ""
    newest: int = THREAD
    removed: bool = False  # since all was known: a reply removed and another restored cancel out
    restored: bool = False

    def act(self, what: str, value: int) -> None:
        if what == "add":
            self.add(has_file=bool(value))
        elif what == "edit":
            self.edit(value, self.last_modified)
        elif what == "restore" and self.deleted and not self.removed:
            self.restore()
        elif what in ("delete", "silent") and not self.restored:
            self.delete(value, silently=what == "silent")

    def looked_at(self) -> None:
        self.removed = self.restored = False

    def add(self, *, has_file: bool) -> None:
        self.newest += 1
        self.posts.append(post(self.newest, has_file=has_file))
        self.last_modified = self.newest * 10

    def delete(self, place: int, *, silently: bool) -> None:
        if len(self.posts) > 1:
            self.deleted.append(self.posts.pop(1 + place % (len(self.posts) - 1)))
            self.last_modified += not silently
            self.removed = True

    def restore(self) -> None:
        self.posts.append(self.deleted.pop())
        self.posts.sort(key=lambda each: each.no)
        self.last_modified += 1
        self.restored = True

    def edit(self, place: int, version: int) -> None:
        number = place % len(self.posts)
        old = self.posts[number]
        self.posts[number] = replace(old, digest=f"{old.no}.{version}")
        self.last_modified += 1

    def entry(self) -> Entry:
        replies = self.posts[1:]
        return Entry(
            THREAD, self.last_modified, len(replies), sum(each.has_file for each in replies), self.signs,
            pruned=False, omitted=max(0, len(replies) - self.window), tail_size=0, opening=self.posts[0],
            window=tuple(replies[-self.window :]),
        )  # fmt: skip


@dataclass
class Collector:
    """Keeps what verdicts and pages say."""

    held: Held | None = None
    fetches: int = 0

    def look(self, board: Board, *, may_fetch: bool) -> bool:
        """Whether the thread is held as the board has it, by our own account."""
        entry = board.entry()
        verdict = judged(entry, self.held)
        shown = (entry.opening, *entry.window)
        if verdict.settled:
            self.keep(shown, verdict.changes, entry, whole=True)
            return True
        if may_fetch:
            self.fetches += 1
            changes = reconciled(board.posts, self.held, pruned=False, fresh=True)
            self.keep(board.posts, changes, entry, whole=True)
            return True
        self.keep(shown, verdict.changes, entry, whole=verdict.need == "edit", settled=False)
        return False

    def keep(
        self,
        shown: "tuple[Glimpse, ...] | list[Glimpse]",
        changes: Changes,
        entry: Entry,
        *,
        whole: bool,
        settled: bool = True,
    ) -> None:
        known = {each.no: each for each in shown}
        posts = dict(self.held.posts) if self.held else {}
        for no in (*changes.new, *changes.edited):
            posts[no] = known[no]
        for no in changes.gone:
            del posts[no]
        last = entry if settled or self.held is None else self.held
        self.held = Held(last.last_modified, last.replies, last.images, last.signs, whole, posts)


ACTION = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 1)),
    st.tuples(st.sampled_from(("delete", "silent", "edit")), st.integers(0, 30)),
    st.tuples(st.just("restore"), st.just(0)),
)
ROUND = st.tuples(st.lists(ACTION, max_size=6), st.booleans())


@settings(max_examples=300)
@given(st.integers(1, 5), st.integers(0, 12), st.lists(ROUND, min_size=1, max_size=12))
def test_a_thread_that_counts_as_settled_holds_exactly_the_boards_posts(
    window: int, replies: int, rounds: list[tuple[list[tuple[str, int]], bool]]
) -> None:
    board, collector = long_board(replies, window), Collector()
    for actions, may_fetch in rounds:
        for action in actions:
            board.act(*action)
        if collector.look(board, may_fetch=may_fetch):
            board.looked_at()
            assert collector.held is not None
            assert sorted(collector.held.posts) == [each.no for each in board.posts]


@given(st.integers(2, 5), st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_a_thread_that_gains_less_than_the_window_is_never_fetched(window: int, gains: list[int]) -> None:
    board, collector = Board(window), Collector()
    for gain in gains:
        for _ in range(gain % window):
            board.add(has_file=False)
        assert collector.look(board, may_fetch=False)
    assert collector.held is not None
    assert list(collector.held.posts.values()) == board.posts


def seen(board: Board) -> Collector:
    collector = Collector()
    assert collector.look(board, may_fetch=True)
    return collector


def long_board(replies: int = 12, window: int = 5) -> Board:
    board = Board(window)
    for _ in range(replies):
        board.add(has_file=True)
    return board


def test_window_and_count_prove_a_recent_deletion() -> None:
    board = long_board()
    held = seen(board).held
    gone = board.posts[-2].no
    board.delete(len(board.posts) - 3, silently=True)
    board.add(has_file=False)
    verdict = judged(board.entry(), held)
    assert (verdict.changes, verdict.need) == (Changes(new=(board.newest,), gone=(gone,)), "")


def test_as_many_replies_as_the_window_shows_overflow_it() -> None:
    board = long_board()
    held = seen(board).held
    for _ in range(5):
        board.add(has_file=False)
    verdict = judged(board.entry(), held)
    assert verdict.need == "overflow"
    assert len(verdict.changes.new) == 5  # what was shown is kept all the same


@pytest.mark.parametrize("silently", [True, False])
def test_an_older_reply_that_vanished_shows_in_the_count(silently: bool) -> None:
    board = long_board()
    held = seen(board).held
    board.delete(0, silently=silently)
    assert judged(board.entry(), held).need == "count"


def test_an_older_edit_shows_in_the_date_alone() -> None:
    board = long_board()
    held = seen(board).held
    board.edit(2, 1)
    assert judged(board.entry(), held).need == "edit"


def test_an_edit_in_the_window_costs_nothing() -> None:
    board = long_board()
    held = seen(board).held
    board.edit(len(board.posts) - 1, 1)
    assert judged(board.entry(), held).changes == Changes(edited=(board.newest,))
    assert judged(board.entry(), held).settled


def test_an_older_file_that_was_deleted_shows_in_the_count_of_files() -> None:
    board = long_board()
    held = seen(board).held
    board.posts[1] = replace(board.posts[1], has_file=False)
    assert judged(board.entry(), held).need == "edit"


def test_a_toggle_costs_nothing() -> None:
    board = long_board()
    held = seen(board).held
    board.signs, board.last_modified = "closed", board.last_modified + 60
    assert judged(board.entry(), held).settled


def test_an_entry_older_than_what_is_held_says_nothing() -> None:
    board = long_board()
    earlier = board.entry()
    board.add(has_file=False)
    verdict = judged(earlier, seen(board).held)
    assert verdict.stale
    assert not verdict.changes


def test_a_sticky_thread_that_drops_its_oldest_deletes_nothing() -> None:
    board = long_board()
    held = seen(board).held
    board.posts[1:3] = []
    board.add(has_file=True)
    entry = replace(board.entry(), pruned=True)
    assert judged(entry, held).changes == Changes(new=(board.newest,))
    assert judged(entry, held).settled
    assert reconciled(board.posts, held, pruned=True, fresh=True) == Changes(new=(board.newest,))


def test_a_new_thread_within_the_window_needs_no_page() -> None:
    board = long_board(5)
    assert judged(board.entry(), None).settled
    board.add(has_file=False)
    assert judged(board.entry(), None).need == "new"


def test_a_thread_that_is_known_in_part_is_fetched_whatever_the_count_says() -> None:
    board = long_board()
    held = seen(board).held
    assert held is not None
    assert judged(board.entry(), replace(held, whole=False)).need == "overflow"


def test_a_tail_page_is_taken_where_it_leaves_no_gap() -> None:
    board = long_board()
    held = seen(board).held
    assert held is not None
    for _ in range(8):
        board.add(has_file=False)
    tail = board.posts[-10:]
    entry = replace(board.entry(), tail_size=10)
    assert tail_may_do(entry, held)
    new = tuple(each.no for each in board.posts[-8:])
    before = board.posts[-11].no
    assert extended(tail, held, tail_id=before, replies=20, thread_no=THREAD) == Changes(new=new)
    gap = board.posts[-8].no
    assert extended(board.posts[-7:], held, tail_id=gap, replies=20, thread_no=THREAD) is None
    assert extended(tail, held, tail_id=before, replies=19, thread_no=THREAD) is None
    assert not tail_may_do(replace(entry, tail_size=8), held)


def test_a_page_that_shows_a_deleted_post_again_brings_it_back() -> None:
    board = long_board()
    whole = list(board.posts)
    board.delete(3, silently=False)
    held = seen(board).held
    assert reconciled(whole, held, pruned=False, fresh=False).new == (board.deleted[0].no,)


def test_a_page_that_may_be_old_deletes_nothing_that_is_newer_than_it() -> None:
    board = long_board()
    old = [each for each in board.posts if each.no not in (103, board.newest, board.newest - 1)]
    held = seen(board).held
    assert reconciled(old, held, pruned=False, fresh=False).gone == (103,)
    assert reconciled(old, held, pruned=False, fresh=True).gone == (103, board.newest - 1, board.newest)
