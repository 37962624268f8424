"""Batches that were refused as a whole, as where too many tokens are enqueued: no fault of their posts.

BatchStatus("ended", 0, 100, "failed: Enqueued token limit reached")   and no line has an outcome
"""

from bizmeme.errors import RefusedError
from bizmeme.ports.clocks import Timer


class Refusals:
    """Those in a row of one labeller: pauses that double where none else runs, and an end after `tries`."""

    def __init__(self, tries: int, pause_s: float, *, of: str) -> None:
        self._tries = tries
        self._first_pause_s = pause_s
        self._of = of
        self._problem = ""  # in the vendor's words
        self.forget()

    def forget(self) -> None:
        """A batch ended otherwise."""
        self.waits = False  # before any batch is made
        self._batches, self._rounds = 0, 0

    def one_more(self, problem: str) -> None:
        """One more was refused."""
        self.waits, self._problem = True, problem
        self._batches += 1

    async def wait(self, timer: Timer) -> None:
        """Pause before they are made again; raises RefusedError where that was in vain `tries` times."""
        if not self.waits:
            return
        self._rounds += 1
        if self._rounds >= self._tries:
            raise RefusedError(
                f"labeller.{self._of}: no answer in {self._batches} batches: {self._problem}. "
                "Run the same command again later.",
                again=True,
                reason=self._problem,
            )
        await timer.sleep(self._first_pause_s * 2 ** (self._rounds - 1))
        self.waits = False
