"""Fetches the files that posts show, one after the other, each to an end that is written down.

A file that is not what it should be is asked for again once, in another round; then its status says what came
instead (core/files.py), and its bytes are not kept.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final

from bizmeme.core.files import Pending, Seen, Status, Wanted
from bizmeme.errors import ServiceError, TooLongError
from bizmeme.ports.clocks import Timer
from bizmeme.shell.file_notes import FileNotes
from bizmeme.shell.hosts import NOT_FOUND, Answer, Host, is_a_file
from bizmeme.shell.media_store import MediaStore
from bizmeme.shell.pictures import Caps, looked

_FAILURES: Final = 3  # in a row, which are the host's and no file's
_TRIES: Final = 3  # of a file, before what waits for it goes on without it


class Media:
    """The media host's side of a source; `counts` holds the files that came to an end, by status."""

    def __init__(self, host: Host, notes: FileNotes, store: MediaStore, timer: Timer, *, caps: Caps) -> None:
        self.host = host
        self.counts: Counter[Status] = Counter()
        self._notes = notes
        self._store = store
        self._timer = timer
        self._caps = caps
        self._failed = 0  # times in a row, of `fetch_those`
        self._failure: ServiceError | None = None  # the last one

    def want(self, files: Iterable[Wanted]) -> None:
        """Note files to fetch."""
        self._notes.note(files)

    async def fetch(self, *, until: float | None) -> None:
        """One round: every wanted file once, until that moment, or until the host is busy.

        Without such a moment nobody comes back soon: a second round asks again where the first had mishaps,
        and a host that fails time and again is raised about (ServiceError).
        """
        ended = await self._round(until)
        if until is None:
            ended = ended and await self._round(until)
            if not ended and self._failure is not None:
                raise self._failure

    async def fetch_those(self, files: Iterable[Wanted]) -> None:
        """Those of these files that are still wanted; none any more once the host failed time and again."""
        for file in files:
            pending = self._notes.pending(file)
            if pending is not None and self._failed < _FAILURES:
                self._failed = 0 if await self._fetch(pending, patience=_TRIES) else self._failed + 1

    async def _round(self, until: float | None) -> bool:
        """Whether it came to its end."""
        begun, asked, failed = await self._timer.now(), set[Wanted](), 0
        while (found := self._notes.next_file()) is not None and found.file not in asked:
            now = await self._timer.now()
            if until is not None and (now >= until or now < begun):  # or the clock was set back
                return False
            asked.add(found.file)
            failed = 0 if await self._fetch(found) else failed + 1
            if failed and (until is not None or failed >= _FAILURES):
                return False
        return True

    async def _fetch(self, pending: Pending, *, patience: int = 1) -> bool:
        """Whether the host answered."""
        try:
            answer = await self.host.get(pending.file.path, usable=is_a_file, patience=patience)
        except TooLongError:
            self._note(pending, "too long")
            return True
        except ServiceError as error:
            self._failure = error
            self._note(pending, "refused")
            return False
        await self._receive(pending, answer)
        return True

    async def _receive(self, pending: Pending, answer: Answer) -> None:
        if answer.status == NOT_FOUND:
            self._note(pending, "gone")
            return
        # A large picture takes a second, in which Ctrl-C should be heard.
        found = await asyncio.to_thread(looked, answer.body, self._caps)
        if isinstance(found, Seen):
            self._note(pending, "ok", self._store.put(answer.body), found)
        else:
            self._note(pending, found.status)

    def _note(
        self, pending: Pending, came: Status, sha256: str | None = None, seen: Seen | None = None
    ) -> None:
        status = pending.ended(came)
        self._notes.note_file(pending.after(came), status, sha256=sha256, seen=seen)
        if status != "wanted":
            self.counts[status] += 1
