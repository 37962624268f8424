"""When a thread may be asked for: never twice within the gap, and not for a while where its page failed."""

from collections import Counter

_LONGEST_WAIT_S = 3_600.0


class Turns:
    """Remembers what was asked since this process began; an earlier one may have asked just before."""

    def __init__(self, *, gap_s: float) -> None:
        self.gap_s = gap_s
        self.failures: Counter[int] = Counter()  # pages that came spoilt, or not at all
        self._began_at: float | None = None
        self._asked_at: dict[int, float] = {}
        self._not_before: dict[int, float] = {}

    def begin(self, now: float) -> None:
        """Count from here on, the first time."""
        self._began_at = now if self._began_at is None else self._began_at

    def free_at(self, no: int, now: float) -> float:
        """The moment from which a thread may be asked for; a clock set back does not put it off."""
        asked_at = min(self._asked_at.get(no, self._began_at or now), now)
        return max(asked_at + self.gap_s, min(self._not_before.get(no, 0.0), now + _LONGEST_WAIT_S))

    def asked(self, no: int, now: float) -> None:
        """Its answer came, or none did."""
        self._asked_at[no] = now

    def failed(self, no: int, now: float) -> None:
        """Its page was of no use: each time it is left alone longer."""
        self.failures[no] += 1
        self._not_before[no] = now + min(self.gap_s * 2 ** self.failures[no], _LONGEST_WAIT_S)

    def settled(self, no: int) -> None:
        """Its page was read."""
        self.failures.pop(no, None)
        self._not_before.pop(no, None)
