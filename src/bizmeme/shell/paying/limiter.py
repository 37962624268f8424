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
        self._share: float | None = None  # of the worst case that answers take

    def recall(self, used: Iterable[tuple[float, int]]) -> None:
        """The requests and tokens of the last 24 hours, as the ledger knows them."""
        self._day.begin(Entry(tokens, tokens, at_s) for at_s, tokens in used)

    async def enter(self, timer: Timer, *, worst_tokens: int) -> Entry:
        """Return when the caller may send its request; raises QuotaError where a day's quota is used up.

        Everyone sleeps on a timer of their own: simulated time stands still while anyone just waits.
        """
        now_s = await timer.now()
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
        turn_s = self._turn_s(entry, now_s)
        while turn_s > now_s:
            nap_s = turn_s - now_s
            nap_s = min(nap_s, _LEARNING_NAP_S) if self._share is None else nap_s
            await timer.sleep(nap_s)
            now_s += nap_s
            # Whoever is awake goes: what others give back is not left lying until those before have slept.
            turn_s = self._opens_s
            if turn_s > now_s:
                turn_s = self._turn_s(entry, now_s)
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
        self._paused_until_s = max(self._paused_until_s, await timer.now() + seconds)

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


class Crowd:
    """How many may be in flight at once: halved where the server is overrun, and grown again by one a round.

    Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989).
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._allowed = float(most)
        self._halvings = 0

    @property
    def allowed(self) -> int:
        """At once, now."""
        return int(self._allowed)

    def sent(self) -> int:
        """Note that a request is about to go; what to tell `overrun` if it comes back so."""
        return self._halvings

    def overrun(self, sent: int) -> None:
        """The server was busy or silent; of all that was in flight together, only the first one counts."""
        if sent == self._halvings:
            self._allowed = max(1.0, self._allowed / 2)
            self._halvings += 1

    def answered(self) -> None:
        """An answer came."""
        self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
