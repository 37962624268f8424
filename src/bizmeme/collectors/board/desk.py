"""A board collector's memory: the threads that are not finished, and the one way to ask and to write down."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bizmeme.collectors.board.pages import Shown, merged, usable_json
from bizmeme.core.catalog import Changes, Entry, Glimpse, Held
from bizmeme.core.files import Kind, wanted
from bizmeme.ports.clocks import Timer
from bizmeme.shell.holdings import Holdings, Thread, Update
from bizmeme.shell.hosts import Answer, Host, http_seconds

_AHEAD_S = 60.0  # clocks differ
_BELIEVED = 5  # answers in a row

NOTHING = Held(0, 0, 0, "", whole=False, posts=MappingProxyType({}))
"""Of a thread of which no post was ever seen."""


class Desk:
    """What is known of one board; the journal holds the same, so that a killed collector goes on."""

    def __init__(
        self, board: str, host: Host, holdings: Holdings, timer: Timer, *, kinds: Sequence[Kind]
    ) -> None:
        self.board = board
        self.host = host
        self.holdings = holdings
        self.timer = timer
        self.threads: dict[int, Thread] = holdings.open_threads()
        self.entries: Mapping[int, Entry] = MappingProxyType({})  # of the newest catalog
        self.listed: dict[int, float] = {}  # when a catalog named them last, since this process began
        self.counts: Counter[str] = Counter()
        self._kinds = kinds
        self._behind: Counter[str] = Counter()  # answers in a row that were older than what is held, by path

    async def ask(
        self, path: str, kind: str, *, conditional: bool = True, patience: int | None = None, gap_s: float = 0
    ) -> Answer:
        """One request, counted as `kind`, with the validator of the answer held; raises ServiceError."""
        self.counts[kind] += 1
        since = self.holdings.validator(path) if conditional else None
        return await self.host.get(path, since=since, usable=usable_json, patience=patience, gap_s=gap_s)

    def older(self, answer: Answer, now: float) -> bool:
        """Whether an answer is older than the one held: some edge of the network is behind.

        What is held may be at fault as well: a date that has not come yet does not count, and the same said
        time and again is believed.
        """
        held = http_seconds(self.holdings.validator(answer.path))
        given = http_seconds(answer.last_modified)
        if held is None or given is None or given >= held or held > now + _AHEAD_S:
            self._behind.pop(answer.path, None)
            return False
        self.counts["rollbacks"] += 1
        self._behind[answer.path] += 1
        return self._behind[answer.path] < _BELIEVED

    def write(
        self, updates: Sequence[Update], now: float, *, path: str = "", validator: str | None = None
    ) -> None:
        """Write an answer down, all or nothing, then remember it."""
        restored = self.holdings.write(updates, now=now, path=path, validator=validator)
        self.counts["restored"] += restored
        self.counts["posts"] -= restored  # they were counted when they were new
        for update in updates:
            self._count(update)
            thread = update.thread
            if thread.need or thread.state in ("live", "doubtful"):
                self.threads[thread.no] = thread
            else:
                self.threads.pop(thread.no, None)

    def _count(self, update: Update) -> None:
        before = self.threads.get(update.thread.no)
        self.counts["posts"] += len(update.changes.new)
        self.counts["edits"] += len(update.changes.edited)
        self.counts["deletions"] += len(update.changes.gone)
        if update.thread.need == "overflow" and (before is None or before.need != "overflow"):
            self.counts["overflows"] += 1

    def update(self, thread: Thread, changes: Changes, posts: Sequence[Shown]) -> Update:
        """What to write down of a thread, once its posts changed so."""
        shown = {each.glimpse.no: each for each in posts}
        numbers = (*changes.new, *changes.edited)  # a new one may be a deleted one that came back
        held = self.holdings.bodies(numbers)
        bodies = {no: (shown[no].glimpse, merged(held.get(no), shown[no].raw)) for no in numbers}
        files = (
            wanted(raw, board=self.board, kind=kind) for _, raw in bodies.values() for kind in self._kinds
        )
        return Update(thread, changes, bodies, tuple(file for file in files if file))


def changed(thread: Thread, posts: Sequence[Shown], changes: Changes) -> Thread:
    """The thread with those changes made to its posts."""
    shown: dict[int, Glimpse] = {each.glimpse.no: each.glimpse for each in posts}
    gone = set(changes.gone)
    kept = {no: post for no, post in thread.held.posts.items() if no not in gone}
    new = {no: shown[no] for no in (*changes.new, *changes.edited)}
    return replace(thread, held=replace(thread.held, posts=kept | new))
