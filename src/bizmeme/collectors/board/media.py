"""Fetches the files that the posts held show, one after the other, each to an end that is written down."""

from typing import Final

from bizmeme.core.files import Status, Wanted, examined
from bizmeme.errors import TooLongError
from bizmeme.ports.clocks import Timer
from bizmeme.shell.holdings import Holdings
from bizmeme.shell.hosts import NOT_FOUND, Host
from bizmeme.shell.media_store import MediaStore

_TRIES: Final = 2  # a file that is not there yet, or a challenge page in its place, may be there later


class Media:
    """The media host's side of a board."""

    def __init__(self, host: Host, holdings: Holdings, store: MediaStore, timer: Timer) -> None:
        self.host = host
        self._holdings = holdings
        self._store = store
        self._timer = timer

    async def fetch(self, *, until: float | None) -> int:
        """Fetch until that moment, or until nothing is wanted; how many were asked for."""
        asked = 0
        while (found := self._holdings.next_file()) is not None:
            if until is not None and await self._timer.now() >= until:
                break
            await self._fetch(*found)
            asked += 1
        return asked

    async def _fetch(self, file: Wanted, tries: int) -> None:
        try:
            answer = await self.host.get(file.path, usable=lambda _: True)
        except TooLongError:
            self._holdings.note_file(file, "too long", tries=tries + 1)
            return
        status: Status = "gone" if answer.status == NOT_FOUND else examined(answer.body)
        again = status != "ok" and tries + 1 < _TRIES
        sha256 = self._store.put(answer.body) if status == "ok" else None
        self._holdings.note_file(file, "wanted" if again else status, tries=tries + 1, sha256=sha256)
