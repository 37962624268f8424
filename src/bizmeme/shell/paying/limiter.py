"""What an account may ask, on the clock port: a minute, a day, at once; and a pause that holds for everyone.

Rates are kept by GCRA (the generic cell rate algorithm, ITU-T I.371): a request is charged to a schedule, and
may go where the schedule is no further ahead of time than the burst. Tokens are charged as the answers so far
let expect, and corrected by each answer's usage block.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from bizmeme.core.limits import Limits
from bizmeme.errors import QuotaError
from bizmeme.ports.clocks import Timer
from bizmeme.shell.paying.patience import at

DAY_S = 86_400.0
_BURST_S = 0.5  # of the quota at once: half of the smallest bucket known, which is a second's
_LEARNING_NAP_S = 0.25  # until the first answer says what requests really take, slots are looked at anew
_JITTER_S = 1.0  # a clock that goes back by less is waited for
_FORGETTING = 0.1  # how fast a high share of the worst case is forgotten


@dataclass(slots=True, eq=False)
class Entry:
    """One request's place in the schedule."""

    worst_tokens: int
    charged_tokens: float
    start_s: float  # when it came, then when it may be sent: seconds since 1970


class _Schedule:
    """GCRA over one quantity."""

    def __init__(self, per_minute: float | None) -> None:
        self._s_each = 0.0 if per_minute is None else 60 / per_minute
        self._next_s = -math.inf

    def charge(self, amount: float, start_s: float) -> None:
        self._next_s = max(self._next_s, start_s) + amount * self._s_each

    def give_back(self, amount: float) -> None:
        self._next_s -= amount * self._s_each

    def set_back(self, by_s: float) -> None:
        self._next_s -= by_s

    def opens_s(self, *, after: float = 0, from_s: float = -math.inf) -> float:
        """From when on the next one may go, once `after` more went from `from_s` on."""
        return max(self._next_s, from_s) + after * self._s_each - _BURST_S


class Limiter:
    """Says when each request of one labeller may go; all tasks of a process share it."""

    def __init__(self, limits: Limits, *, of: str) -> None:
        self._requests = _Schedule(limits.requests_per_minute)
        self._tokens = _Schedule(limits.tokens_per_minute)
        self._day = _Day(limits, of)
        self._waiting: dict[Entry, None] = {}  # in order
        self._paused_until_s = -math.inf
        self._latest_s = -math.inf  # that the clock said
        self._set_back_s = 0.0  # how far it went back meanwhile, in all
        self._share: float | None = None  # of the worst case that answers take

    def recall(self, used: Iterable[tuple[float, int]]) -> None:
        """The requests and tokens of the last 24 hours, as the ledger knows them."""
        self._day.begin(Entry(tokens, tokens, at_s) for at_s, tokens in used)

    async def enter(self, timer: Timer, *, worst_tokens: int) -> Entry:
        """Return when the caller may send its request; raises QuotaError where a day's quota is used up.

        Everyone sleeps on a timer of their own: simulated time stands still while anyone just waits.
        """
        now_s = await self._now(timer)
        entry = Entry(worst_tokens, worst_tokens * self._expected, now_s)
        self._day.add(entry)
        self._waiting[entry] = None
        try:
            now_s = await self._waited(entry, timer, now_s)
        except BaseException:
            self._day.drop(entry)
            raise
        finally:
            del self._waiting[entry]
        self._charge(entry, now_s)
        return entry

    async def _waited(self, entry: Entry, timer: Timer, now_s: float) -> float:
        """Sleep until those before it have had their turns; the time then, by the naps taken."""
        turn_s, set_back_s = self._turn_s(entry, now_s), self._set_back_s
        while turn_s > now_s:
            nap_s = turn_s - now_s
            nap_s = min(nap_s, _LEARNING_NAP_S) if self._share is None else nap_s
            await timer.sleep(nap_s)
            now_s += nap_s - (self._set_back_s - set_back_s)
            set_back_s = self._set_back_s
            # Whoever is awake goes: what others give back is not left lying until those before have slept.
            turn_s = self._opens_s
            if turn_s > now_s:
                turn_s = self._turn_s(entry, now_s)
        return now_s

    async def _now(self, timer: Timer) -> float:
        """The time; where the clock was set back, all that is scheduled goes back with it."""
        now_s = await timer.now()
        if (by_s := self._latest_s - now_s) > _JITTER_S:
            self._set_back_s += by_s
            self._paused_until_s -= by_s
            for schedule in (self._requests, self._tokens, self._day):
                schedule.set_back(by_s)
        self._latest_s = now_s
        return now_s

    @property
    def _expected(self) -> float:
        return 1.0 if self._share is None else self._share

    @property
    def _opens_s(self) -> float:
        return max(self._paused_until_s, self._requests.opens_s(), self._tokens.opens_s())

    def _turn_s(self, entry: Entry, now_s: float) -> float:
        """When it is a waiting request's turn, as far as can be told now."""
        before = list(takewhile(lambda each: each is not entry, self._waiting))
        tokens = sum(each.worst_tokens for each in before) * self._expected
        from_s = max(self._paused_until_s, now_s)
        return max(
            self._paused_until_s,
            self._requests.opens_s(after=len(before), from_s=from_s),
            self._tokens.opens_s(after=tokens, from_s=from_s),
        )

    def _charge(self, entry: Entry, now_s: float) -> None:
        expected = entry.worst_tokens * self._expected  # as it is known by now
        self._day.correct(entry, expected)
        entry.start_s, entry.charged_tokens = now_s, expected
        self._requests.charge(1, now_s)
        self._tokens.charge(entry.charged_tokens, now_s)

    def settle(self, entry: Entry, *, used_tokens: int) -> None:
        """Correct a request's charge by what it really took."""
        if entry.worst_tokens:
            share = used_tokens / entry.worst_tokens
            faded = share if self._share is None else self._share + _FORGETTING * (share - self._share)
            self._share = max(share, faded)
        self._correct(entry, used_tokens)

    def refused(self, entry: Entry) -> None:
        """It was sent and not answered: a request, but no tokens."""
        self._correct(entry, 0)

    async def pause(self, timer: Timer, *, seconds: float) -> None:
        """Let nobody send for `seconds`."""
        self._paused_until_s = max(self._paused_until_s, await self._now(timer) + seconds)

    def _correct(self, entry: Entry, tokens: float) -> None:
        self._tokens.give_back(entry.charged_tokens - tokens)
        self._day.correct(entry, tokens)
        entry.charged_tokens = tokens


class _Day:
    """What was asked in the last 24 hours, where the account has a quota of the day."""

    def __init__(self, limits: Limits, of: str) -> None:
        self._most_requests = limits.requests_per_day or math.inf
        self._most_tokens = limits.tokens_per_day or math.inf
        self._of = of
        self._entries: dict[Entry, None] = {}  # in order
        self._tokens = 0.0

    def begin(self, entries: Iterable[Entry]) -> None:
        """Know these, and no others."""
        self._entries = dict.fromkeys(entries)
        self._tokens = sum(each.charged_tokens for each in self._entries)

    def add(self, entry: Entry) -> None:
        """Count a request in; raises QuotaError where that is more than the day has."""
        if self._most_requests == self._most_tokens == math.inf:
            return
        while self._entries and (first := next(iter(self._entries))).start_s <= entry.start_s - DAY_S:
            self.drop(first)
        if len(self._entries) + 1 > self._most_requests:
            raise self._used_up("requests_per_day", self._most_requests, entry)
        if self._tokens + entry.charged_tokens > self._most_tokens:
            raise self._used_up("tokens_per_day", self._most_tokens, entry)
        self._entries[entry] = None
        self._tokens += entry.charged_tokens

    def set_back(self, by_s: float) -> None:
        """The clock went back: a day ago is earlier, too."""
        for entry in self._entries:
            entry.start_s -= by_s

    def drop(self, entry: Entry) -> None:
        """It was not sent after all, or longer ago."""
        if entry in self._entries:
            del self._entries[entry]
            self._tokens -= entry.charged_tokens

    def correct(self, entry: Entry, tokens: float) -> None:
        """It took so many tokens."""
        if entry in self._entries:
            self._tokens += tokens - entry.charged_tokens

    def _used_up(self, quota: str, most: float, entry: Entry) -> QuotaError:
        """When the oldest requests are a day old, there is room again."""
        requests, tokens, free_s = len(self._entries), self._tokens, entry.start_s
        for each in self._entries:
            if requests + 1 <= self._most_requests and tokens + entry.charged_tokens <= self._most_tokens:
                break
            requests, tokens, free_s = requests - 1, tokens - each.charged_tokens, each.start_s + DAY_S
        return QuotaError(
            f"labeller.{self._of}.limits.{quota} is used up: {most:,.0f} in 24 hours. It goes on at "
            f"{at(free_s)}: run the same command again then. Everything paid for is kept.",
            again=False,
        )
