"""What one labeller would be asked, by what the journal holds: requests, dollars, hours; and its pilot."""

import math
from collections import Counter
from collections.abc import Sequence

from bizmeme.core.forecast import Forecast
from bizmeme.core.label_hours import BATCH_HOURS, live_hours
from bizmeme.core.metrics import score
from bizmeme.core.prices import PriceTable
from bizmeme.shell.auto_label.labelling import Labelling, dollars
from bizmeme.shell.auto_label.questions import Work

_USUAL_SECONDS = 2.0  # of an answer, before any was timed
_HOUR_MINUTES, _DAY_HOURS = 60, 24


class Plan:
    """One labeller's; nobody is asked for it."""

    def __init__(self, hand: Labelling, work: Work, prices: PriceTable, labels: Sequence[str]) -> None:
        self.hand = hand
        self._work, self._prices, self._labels = work, prices, labels
        self._pilot = hand.held(work.pilot)  # as far as it is held
        self._open = hand.open_questions()
        under_way = hand.under_way(self._open)
        self._to_ask = [each for each in self._open if each not in under_way]
        self._under_way = Counter(under_way.values())  # by section
        self.forecast: Forecast = hand.forecast_open(self._pilot, self._to_ask)

    def rows(self) -> dict[str, str]:
        """As people read it, by title."""
        hand, forecast = self.hand, self.forecast
        shutdown = self._prices.models[hand.labeller.model].shutdown
        inputs, outputs = forecast.input_tokens.value or 0, forecast.output_tokens.value or 0
        return {
            "prices": f"as of {self._prices.as_of} (conf/prices/)",
            "shut down": f"on {shutdown}" if shutdown else "not announced",
            "posts": f"{len(self._work.questions):,} with a picture to label",
            "requests": self._requests(),
            "answered already": f"{hand.distinct - len(self._open):,}",
            "in batches under way": self._in_batches(),
            "to ask": f"{forecast.requests:,}",
            "tokens": f"{inputs:,.0f} in, {outputs:,.0f} out",
            "forecast": f"{dollars(forecast.usd, digits=4)}, {self._basis()}",
            "reserved at once": self._reserved(),
            "time": self._time(),
            "pilot": self._measured(),
        } | self._by_label()

    def _requests(self) -> str:
        shared = self.hand.distinct < len(self._work.questions)
        return f"{self.hand.distinct:,}{': near copies with the same words share one' if shared else ''}"

    def _in_batches(self) -> str:
        count = f"{self._under_way.total():,}"
        foreign = [name for name in self._under_way if name != self.hand.name or self.hand.mode != "batch"]
        if not foreign:
            return count
        asked = " and ".join(f"labeller.{name}" for name in foreign)
        return f"{count}: nothing is asked until a run of {asked} in mode=batch has fetched them"

    def _basis(self) -> str:
        if self.forecast.basis == "pilot":
            return f"95 % interval, by {self.forecast.pilot} pilot answers"
        return "by formula alone: `bizmeme plan --pilot` makes it a measurement"

    def _reserved(self) -> str:
        """What has to be free under the cap while it is asked: each request's worst price."""
        if not self._to_ask:
            return "nothing"
        labeller = self.hand.labeller
        if self.hand.mode == "batch":
            first = {self._work.questions[key] for key in self._work.pilot if key in self._work.questions}
            rest = [each for each in self._to_ask if each not in first]
            usd = sum(labeller.worst(each, batch=True).usd for each in rest)
            return f"${usd:.4f} until its batches end; with less room under the cap, one after the other"
        worst = sorted((labeller.worst(each, batch=False).usd for each in self._to_ask), reverse=True)
        at_once = labeller.limits.concurrency
        return f"${sum(worst[:at_once]):.4f}, the worst price of {min(at_once, len(worst))} in flight"

    def _time(self) -> str:
        forecast, hand = self.forecast, self.hand
        if not forecast.requests:
            return "none: nothing is left to ask"
        if hand.mode == "batch":
            return f"up to {BATCH_HOURS:.0f} hours: the vendors' promise for a batch"
        measured = hand.seconds_per_answer
        tokens = (forecast.input_tokens.value or 0) + (forecast.output_tokens.value or 0)
        seconds = measured or _USUAL_SECONDS
        took = live_hours(forecast.requests, tokens, limits=hand.labeller.limits, seconds_per_answer=seconds)
        guessed = "" if measured else f" (an answer taken to need {_USUAL_SECONDS:.0f} s)"
        return f"{duration(took.hours)}, held by limits.{took.held_by}{guessed}"

    @property
    def _wanted(self) -> int:
        return sum(key in self._work.questions for key in self._work.pilot)

    def _measured(self) -> str:
        held, wanted = len(self._pilot), self._wanted
        if held == wanted:
            return self.hand.measure(self._pilot).message(self.hand.name)
        return f"{held} of {wanted} posts answered: `bizmeme plan --pilot` asks it, `dvc repro` as well"

    def _by_label(self) -> dict[str, str]:
        """How the pilot went label by label, once it is whole."""
        if not self._pilot or len(self._pilot) < self._wanted:
            return {}
        said = [asked.answer.label for asked in self._pilot.values()]
        scores = score([self._work.pilot[key] for key in self._pilot], said, labels=self._labels)
        found = {
            label: f"precision {each.precision:.2f}, recall {each.recall:.2f}, {each.support} posts"
            for label, each in scores.per_class.items()
        }
        missing = scores.n - scores.answered
        return found | ({"without a label": f"{missing} of {scores.n}"} if missing else {})


def duration(hours: float) -> str:
    """Hours as people say them, rounded up."""
    minutes = max(1, math.ceil(hours * _HOUR_MINUTES))
    if minutes < 2 * _HOUR_MINUTES:
        return f"{minutes} minute{'s' * (minutes > 1)}"
    if hours < 2 * _DAY_HOURS:
        return f"{math.ceil(hours)} hours"
    return f"{math.ceil(hours / _DAY_HOURS)} days"
