"""The rule keeper of one host: it counts what a polite visitor does not do, and says what that was.

unnamed     no User-Agent                                        → 429
no_contact  a User-Agent without an address (no @ and no ://)    → 429
hurried     sooner after the last request than the host allows   → 429
same_thread the same thread again, or its tail, too soon         → 429
impatient   after a refusal, before Retry-After or some patience → 429
method      neither GET nor HEAD                                 → 429
validator   an If-Modified-Since that was never given for that path
query       a query string
unknown     a path that the host has not
followed    a redirect that led to another host
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bizmeme.sandbox.live.config import RulesConfig

_ROUNDING_S = 1e-6  # a float of today's seconds is exact to a quarter of that
_EXAMPLES = 50
_REFUSING = (403, 429, 503)
_THREAD = re.compile(r"/\w+/thread/(\d+)(?:-tail)?\.json")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the rules see it."""

    at: float  # seconds since 1970
    method: str
    path: str
    query: str
    user_agent: str
    if_modified_since: str | None

    @property
    def thread_no(self) -> int | None:
        """Which thread it asks for, if any."""
        found = _THREAD.fullmatch(self.path)
        return int(found[1]) if found else None


@dataclass(slots=True)
class Keeper:
    """What one host remembers of its visitors."""

    rules: RulesConfig
    violations: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, object]] = field(default_factory=list)
    _admitted_at: float = -math.inf
    _open_at: float = -math.inf  # until then, a refusal asked to be let alone
    _threads: dict[int, float] = field(default_factory=dict)
    _given: dict[str, set[str]] = field(default_factory=dict)

    def judge(self, ask: Ask) -> int | None:
        """None to admit a request, else the seconds after which it would have been welcome."""
        wait = self._refusal(ask)
        if wait is not None:
            return wait
        if ask.if_modified_since is not None and ask.if_modified_since not in self._given.get(ask.path, ()):
            self.note("validator", ask)
        if ask.query:
            self.note("query", ask)
        self._admitted_at = ask.at
        return None

    def _refusal(self, ask: Ask) -> int | None:
        waits = {
            "hurried": self._admitted_at + self.rules.min_interval_s - ask.at,
            "impatient": self._open_at - ask.at,
            "same_thread": self._threads.get(ask.thread_no or 0, -math.inf)
            + self.rules.thread_interval_s
            - ask.at,
        }
        reasons = [
            *(["unnamed"] if not ask.user_agent else []),
            *(["no_contact"] if ask.user_agent and not re.search("@|://", ask.user_agent) else []),
            *(["method"] if ask.method not in ("GET", "HEAD") else []),
            *(reason for reason, wait in waits.items() if wait > _ROUNDING_S),
        ]
        for reason in reasons:
            self.note(reason, ask)
        return max(1, *(math.ceil(wait) for wait in waits.values() if wait > 0), 1) if reasons else None

    def answered(self, ask: Ask, status: int, headers: Mapping[str, str]) -> None:
        """Remember what an admitted request was told."""
        if status in _REFUSING:
            told = headers.get("Retry-After")
            self._open_at = ask.at + (float(told) if told is not None else self.rules.patience_s)
        elif ask.thread_no is not None:
            self._threads[ask.thread_no] = ask.at
        if "Last-Modified" in headers:
            self._given.setdefault(ask.path, set()).add(headers["Last-Modified"])

    def note(self, violation: str, ask: Ask) -> None:
        """Count it."""
        self.violations[violation] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append({"violation": violation, "at": ask.at, "path": ask.path})
