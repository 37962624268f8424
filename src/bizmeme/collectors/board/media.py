"""Fetches the files that the posts held show, one after the other, each to an end that is written down."""

from typing import Final

from bizmeme.core.files import Status, Wanted, examined
from bizmeme.errors import ServiceError, TooLongError
from bizmeme.ports.clocks import Timer
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.hosts import NOT_FOUND, Host, is_a_file
from bizmeme.shell.media_store import MediaStore

_TRIES: Final = 2  # of a file that is not there, or not what it should be, each in another round
_REFUSALS: Final = 5  # of a host that gives no file: it may be busy
_FAILURES: Final = 3  # in a row, which are the host's and no file's


class Media:
    """The media host's side of a board."""

    def __init__(self, host: Host, holdings: Holdings, store: MediaStore, timer: Timer) -> None:
        self.host = host
        self._holdings = holdings
        self._store = store
        self._timer = timer

    async def fetch(self, *, until: float | None) -> None:
        """One round: every wanted file once, until that moment, or until the host is busy."""
        begun, asked, in_a_row = await self._timer.now(), set[Wanted](), 0
        while (found := self._holdings.next_file()) is not None and found[0] not in asked:
            now = await self._timer.now()
            if until is not None and (now >= until or now < begun):  # or the clock was set back
                return
            asked.add(found[0])
            in_a_row = 0 if await self._fetch(*found) else in_a_row + 1
            if in_a_row and (until is not None or in_a_row >= _FAILURES):
                return

    async def _fetch(self, file: Wanted, tries: int) -> bool:
        """Whether the host answered."""
        try:
            answer = await self.host.get(file.path, usable=is_a_file, patience=1)
        except TooLongError:
            self._holdings.note_file(file, "too long", tries=tries + 1)
            return True
        except ServiceError:
            given_up = tries + 1 >= _REFUSALS
            self._holdings.note_file(file, "refused" if given_up else "wanted", tries=tries + 1)
            return False
        status: Status = "gone" if answer.status == NOT_FOUND else examined(answer.body)
        again = status != "ok" and tries + 1 < _TRIES
        sha256 = self._store.put(answer.body) if status == "ok" else None
        self._holdings.note_file(file, "wanted" if again else status, tries=tries + 1, sha256=sha256)
        return True
