"""Fetches the threads that the catalog could not tell, the urgent first, and finds out how others ended."""

from collections import Counter
from dataclasses import replace

from bizmeme.collectors.board.desk import Desk, changed
from bizmeme.collectors.board.pages import ThreadPage, read_thread
from bizmeme.core.catalog import URGENCY, Changes, extended, reconciled, tail_may_do
from bizmeme.shell.holdings import State, Thread, Update
from bizmeme.shell.hosts import NOT_FOUND, NOT_MODIFIED, OK, Answer, http_seconds

_ROUNDING_S = 2  # between the header Last-Modified and the field last_modified
_PATIENCE = 4  # fetches of a page that stays older than the catalog; checks of a doubtful thread
_FIRST_CHECK_S = 60.0


class Threads:
    """Fetches threads; none twice within `gap_s` seconds."""

    def __init__(self, desk: Desk, *, gap_s: float) -> None:
        self._desk = desk
        self._gap_s = gap_s
        self._asked_at: dict[int, float] = {}
        self._attempts: Counter[int] = Counter()
        self._no_tail: set[int] = set()
        self._began_at: float | None = None

    async def fetch(self, *, until: float | None) -> None:
        """Fetch what is pending until that moment; None: all of it, however long."""
        while (thread := await self._next()) is not None:
            now = await self._desk.timer.now()
            wait_s = max(0.0, self._free_at(thread.no) - now)
            if until is not None and now + wait_s >= until:
                return
            if wait_s:
                await self._desk.timer.sleep(wait_s)
            await self._fetch(thread)

    async def _next(self) -> Thread | None:
        """The most urgent thread, one that may be asked for at once before one that may not."""
        now = await self._desk.timer.now()
        if self._began_at is None:
            self._began_at = now
        threads = self._desk.threads.values()
        waiting = [
            each for each in threads if each.need or (each.state == "doubtful" and each.check_at <= now)
        ]
        return min(waiting, key=lambda thread: self._order(thread, now), default=None)

    def _order(self, thread: Thread, now: float) -> tuple[float, int, int]:
        urgency = URGENCY[thread.need or "left"]
        newest_first = -thread.no if urgency == URGENCY["left"] else thread.no
        return (max(now, self._free_at(thread.no)), urgency, newest_first)

    def _free_at(self, no: int) -> float:
        """When the thread may be asked for; one that an earlier process knew, not within the first gap."""
        asked_at = self._asked_at.get(no)
        if asked_at is None and self._desk.threads[no].seen_at and self._began_at is not None:
            asked_at = self._began_at if self._desk.threads[no].seen_at < self._began_at else None
        return 0.0 if asked_at is None else asked_at + self._gap_s

    async def _fetch(self, thread: Thread) -> None:
        desk, no = self._desk, thread.no
        entry = desk.entries.get(no)
        tail = entry is not None and no not in self._no_tail and tail_may_do(entry, thread.held)
        stubborn = self._attempts[no] >= _PATIENCE
        self._asked_at[no] = await desk.timer.now()
        path = f"/{desk.board}/thread/{no}{'-tail' if tail else ''}.json"
        answer = await desk.ask(path, "tail" if tail else "thread", conditional=not stubborn)
        now = await desk.timer.now()
        if tail and answer.status != OK:
            self._no_tail.add(no)
        elif answer.status == NOT_MODIFIED:
            self._unchanged(thread, now)
        elif answer.status == NOT_FOUND or (page := read_thread(answer.body)) is None:
            self._removed(thread, now)
        elif not stubborn and self._behind(thread, answer):
            self._attempts[no] += 1
        else:
            self._read(thread, page, answer, now)

    def _behind(self, thread: Thread, answer: Answer) -> bool:
        """Whether a page is older than what the catalog said of its thread."""
        entry, given = self._desk.entries.get(thread.no), http_seconds(answer.last_modified)
        expected = max(thread.held.last_modified, entry.last_modified if entry else 0)
        if given is None or given + _ROUNDING_S >= expected:
            return False
        self._desk.counts["rollbacks"] += 1
        return True

    def _read(self, thread: Thread, page: ThreadPage, answer: Answer, now: float) -> None:
        changes = self._compared(thread, page)
        if changes is None:
            self._no_tail.add(thread.no)
            return
        after = self._after(changed(thread, page.posts, changes), page, now)
        self._attempts.pop(thread.no, None)
        self._no_tail.discard(thread.no)
        update = self._desk.update(after, changes, page.posts)
        self._desk.write([update], now, path=answer.path, validator=answer.last_modified)

    def _compared(self, thread: Thread, page: ThreadPage) -> Changes | None:
        """What the page changes; None for a tail that leaves a gap."""
        posts = [shown.glimpse for shown in page.posts]
        if page.tail_id is not None:
            known = thread.held
            return extended(posts, known, tail_id=page.tail_id, replies=page.replies, thread_no=thread.no)
        found = reconciled(posts, thread.held, pruned=page.pruned)
        whole = page.pruned or len(posts) - 1 == page.replies
        return found if whole else Changes(found.new, found.edited)  # an incomplete page deletes nothing

    def _after(self, thread: Thread, page: ThreadPage, now: float) -> Thread:
        """The thread once its page was read in full."""
        entry = self._desk.entries.get(thread.no)
        newest = max((post.posted_at for post in thread.held.posts.values()), default=0)
        held = replace(
            thread.held,
            last_modified=max(newest, entry.last_modified if entry else thread.held.last_modified),
            replies=page.replies,
            images=page.images,
            signs=entry.signs if entry else thread.held.signs,
            whole=True,
        )
        after = replace(thread, held=held, need="", seen_at=now)
        if page.archived:
            return replace(after, state="archived", archived_on=page.archived_on)
        return _doubtful(after, now) if thread.need == "left" or thread.state == "doubtful" else after

    def _unchanged(self, thread: Thread, now: float) -> None:
        """A 304: the page is as it was read. Where the catalog says otherwise, some edge is behind."""
        self._attempts[thread.no] += 1
        entry = self._desk.entries.get(thread.no)
        if thread.need == "left" or thread.state == "doubtful":
            self._desk.write([Update(_doubtful(thread, now))], now)
        elif thread.need == "edit" and entry is not None:
            self._desk.write([Update(thread.listed(entry, need="", whole=True))], now)

    def _removed(self, thread: Thread, now: float) -> None:
        """Deleted by its poster or a moderator, or gone from the archive before anybody came to see."""
        desk = self._desk
        entry = desk.entries.get(thread.no)
        replies = entry.replies if entry else thread.held.replies
        if not thread.held.whole:
            desk.counts["lost"] += max(0, replies - len(thread.held.replies_held(thread.no)))
        # Who left while nobody looked may have been archived, and dropped from the archive since.
        state: State = "deleted" if thread.no in desk.listed else "vanished"
        desk.write([Update(replace(thread, state=state, need=""))], now)


def _doubtful(thread: Thread, now: float) -> Thread:
    """Gone from the catalog and still there: asked for again with growing gaps, then given up."""
    checks = thread.checks + 1
    if checks > _PATIENCE:
        return replace(thread, state="vanished", need="", checks=checks)
    return replace(
        thread, state="doubtful", need="", checks=checks, check_at=now + _FIRST_CHECK_S * 4**checks
    )
