"""Fetches the threads that the catalog could not tell, the urgent first, and finds out how others ended."""

import math
from collections import Counter
from dataclasses import replace

from bizmeme.collectors.board.desk import Desk, changed
from bizmeme.collectors.board.pages import SpoiltError, ThreadPage, read_thread
from bizmeme.collectors.board.turns import Turns
from bizmeme.core.catalog import ROUNDING_S, URGENCY, Changes, Entry, extended, reconciled, tail_may_do
from bizmeme.errors import ServiceError
from bizmeme.shell.holdings import State, Thread, Update
from bizmeme.shell.hosts import NOT_FOUND, NOT_MODIFIED, Answer, http_seconds

_PATIENCE = 4  # answers that stay behind the catalog, pages that stay spoilt, checks of a doubtful thread
_TRIES = 2  # of one page, before the next one is asked for
_FAILURES = 3  # in a row, which are the host's and no page's
_FIRST_CHECK_S = 60.0
_DAY_S = 86_400.0


class Threads:
    """Fetches threads; none twice within `gap_s` seconds."""

    def __init__(self, desk: Desk, *, gap_s: float) -> None:
        self._desk = desk
        self._turns = Turns(gap_s=gap_s)
        self._behind: Counter[int] = Counter()  # answers older than the catalog, by thread
        self._no_tail: set[int] = set()

    async def fetch(self, *, until: float | None) -> None:
        """Fetch what is pending until that moment; None: all of it, but for pages that stay spoilt.

        Raises ServiceError where the host stays busy, and there is no later look that could wait for it.
        """
        begun, in_a_row = await self._desk.timer.now(), 0
        self._turns.begin(begun)
        while True:
            now = await self._desk.timer.now()
            thread = self._next(now, for_ever=until is None)
            if thread is None:
                return
            wait_s = max(0.0, self._turns.free_at(thread.no, now) - now)
            if until is not None and (now + wait_s >= until or now < begun):  # or the clock was set back
                return
            if wait_s:
                await self._desk.timer.sleep(wait_s)
            try:
                await self._fetch(thread)
                in_a_row = 0
            except ServiceError:
                self._failed(thread.no, await self._desk.timer.now())
                in_a_row += 1
                if until is not None:
                    return  # the next look shows whether it is the host
                if in_a_row >= _FAILURES:
                    raise

    def _next(self, now: float, *, for_ever: bool) -> Thread | None:
        """The most urgent thread, one that may be asked for at once before one that may not."""
        chosen, first = None, (math.inf, 0, 0)
        for thread in reversed(self._desk.threads.values()):
            if not (thread.need or (thread.state == "doubtful" and thread.check_at <= now)):
                continue
            if for_ever and self._turns.failures[thread.no] >= _PATIENCE:
                continue
            urgency = URGENCY[thread.need or "left"]
            newest_first = -thread.no if urgency == URGENCY["left"] else thread.no
            if (now, urgency, newest_first) < first:  # hundreds wait after a start: most are passed over here
                turn = (max(now, self._turns.free_at(thread.no, now)), urgency, newest_first)
                chosen, first = (thread, turn) if turn < first else (chosen, first)
        return chosen

    def _failed(self, no: int, now: float) -> None:
        self._turns.failed(no, now)
        self._desk.counts["spoilt"] += 1

    async def _fetch(self, thread: Thread) -> None:
        desk, no = self._desk, thread.no
        tail = no not in self._no_tail and _tail_may_do(desk.entries.get(no), thread)
        path = f"/{desk.board}/thread/{no}{'-tail' if tail else ''}.json"
        conditional = not tail and self._behind[no] < _PATIENCE
        try:
            answer = await desk.ask(
                path,
                "tail" if tail else "thread",
                conditional=conditional,
                patience=_TRIES,
                gap_s=self._turns.gap_s,
            )
        finally:
            now = await desk.timer.now()
            self._turns.asked(no, now)
        if tail:
            self._read_tail(thread, answer, now)
        elif answer.status == NOT_MODIFIED:
            self._unchanged(thread, path, now)
        elif answer.status == NOT_FOUND:
            self._removed(thread, now)
        else:
            self._read_page(thread, answer, now)

    def _read_tail(self, thread: Thread, answer: Answer, now: float) -> None:
        """A tail that leaves no gap; any other is not asked for again before the whole page was."""
        self._no_tail.add(thread.no)
        if answer.status == NOT_FOUND:
            return
        try:
            page = read_thread(answer.body, thread.no, tail=True)
        except SpoiltError:
            return
        if page is None or page.tail_id is None or page.dropped:
            return
        posts = [shown.glimpse for shown in page.posts]
        changes = extended(
            posts, thread.held, tail_id=page.tail_id, replies=page.replies, thread_no=thread.no
        )
        if changes is not None:
            self._settle(thread, page, changes, answer, now)

    def _read_page(self, thread: Thread, answer: Answer, now: float) -> None:
        try:
            page = read_thread(answer.body, thread.no)
        except SpoiltError:
            self._failed(thread.no, now)
            return
        if page is None:
            self._removed(thread, now)
            return
        behind = self._is_behind(thread, answer, now)
        if behind and self._behind[thread.no] < _PATIENCE:
            self._behind[thread.no] += 1
            return
        posts = [shown.glimpse for shown in page.posts]
        found = reconciled(posts, thread.held, pruned=page.pruned, fresh=_fresh(thread, answer))
        whole = not page.dropped and (page.pruned or len(posts) - 1 == page.replies)
        if whole and not behind:
            self._settle(thread, page, found, answer, now)
            return
        shown = Changes(found.new, found.edited)  # such a page adds, and deletes nothing
        if whole and self._agrees(thread, page):
            self._settle(thread, page, shown, answer, now)
            return
        self._failed(thread.no, now)
        after = changed(thread, page.posts, shown)
        self._desk.write([self._desk.update(after, shown, page.posts)], now)

    def _agrees(self, thread: Thread, page: ThreadPage) -> bool:
        """Whether a page that seems old shows all that the catalog shows: then its date is at fault."""
        entry, shown = self._desk.entries.get(thread.no), {each.glimpse.no for each in page.posts}
        known = entry is not None and page.replies == entry.replies
        return known and entry is not None and all(post.no in shown for post in entry.window)

    def _is_behind(self, thread: Thread, answer: Answer, now: float) -> bool:
        """Whether a page is older than what the catalog said of its thread, or than the page held."""
        if self._desk.older(answer, now):
            return True
        entry, given = self._desk.entries.get(thread.no), http_seconds(answer.last_modified)
        expected = max(thread.held.last_modified, entry.last_modified if entry else 0, _newest(thread))
        if given is None or given + ROUNDING_S >= expected:
            return False
        self._desk.counts["rollbacks"] += 1
        return True

    def _settle(self, thread: Thread, page: ThreadPage, changes: Changes, answer: Answer, now: float) -> None:
        """Write down a page that tells all there is."""
        self._turns.settled(thread.no)
        self._behind.pop(thread.no, None)
        self._no_tail.discard(thread.no)
        after = self._after(changed(thread, page.posts, changes), page, now)
        update = self._desk.update(after, changes, page.posts)
        self._desk.write([update], now, path=answer.path, validator=answer.last_modified)

    def _after(self, thread: Thread, page: ThreadPage, now: float) -> Thread:
        """The thread once its page was read in full."""
        entry = self._desk.entries.get(thread.no)
        listed = entry.last_modified if entry else thread.held.last_modified
        held = replace(
            thread.held,
            last_modified=max(min(_newest(thread), int(now)), listed),
            replies=page.replies,
            images=page.images,
            signs=entry.signs if entry else thread.held.signs,
            whole=True,
        )
        after = replace(thread, held=held, need="", seen_at=now, tail_size=page.tail_size)
        if page.archived:
            return replace(after, state="archived", archived_on=page.archived_on)
        return _doubtful(after, now) if thread.need == "left" or thread.state == "doubtful" else after

    def _unchanged(self, thread: Thread, path: str, now: float) -> None:
        """A 304: the page is as it was read. Where the catalog says otherwise, some edge is behind."""
        entry = self._desk.entries.get(thread.no)
        if thread.archived_on is not None:
            self._desk.write([Update(replace(thread, state="archived", need=""))], now)
        elif thread.need == "left" or thread.state == "doubtful":
            self._desk.write([Update(_doubtful(thread, now))], now)
        elif thread.need == "edit" and entry is not None and self._is_of(path, entry):
            self._desk.write([Update(thread.listed(entry, need="", whole=True))], now)
        else:
            self._behind[thread.no] += 1

    def _is_of(self, path: str, entry: Entry) -> bool:
        """Whether the page held is as young as the catalog's entry."""
        held = http_seconds(self._desk.holdings.validator(path))
        return held is not None and held + ROUNDING_S >= entry.last_modified

    def _removed(self, thread: Thread, now: float) -> None:
        """Deleted by its poster or a moderator, or gone from the archive before anybody came to see."""
        desk = self._desk
        entry = desk.entries.get(thread.no)
        replies = entry.replies if entry else thread.held.replies
        if not thread.held.whole:
            desk.counts["lost"] += max(0, replies - len(thread.held.replies_held(thread.no)))
        # Who left while nobody looked may have been archived, and dropped from the archive since.
        recent = now - desk.listed.get(thread.no, -_DAY_S) < _DAY_S
        state: State = "deleted" if recent else "vanished"
        desk.write([Update(replace(thread, state=state, need=""))], now)


def _newest(thread: Thread) -> int:
    """When the newest post held was posted."""
    return max((post.posted_at for post in thread.held.posts.values()), default=0)


def _fresh(thread: Thread, answer: Answer) -> bool:
    """Whether a page is proven younger than the newest post held: what it lacks was deleted."""
    given = http_seconds(answer.last_modified)
    return given is not None and given > _newest(thread) + ROUNDING_S


def _tail_may_do(entry: Entry | None, thread: Thread) -> bool:
    if entry is None or thread.need != "overflow":
        return False
    return tail_may_do(entry, thread.held, known=thread.tail_size)


def _doubtful(thread: Thread, now: float) -> Thread:
    """Gone from the catalog and still there: asked for again with growing gaps, then given up."""
    checks = thread.checks + 1
    if checks > _PATIENCE:
        return replace(thread, state="vanished", need="", checks=checks)
    return replace(
        thread, state="doubtful", need="", checks=checks, check_at=now + _FIRST_CHECK_S * 4**checks
    )
