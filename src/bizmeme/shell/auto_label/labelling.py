"""One vision API's part of a labelling: the pilot, the gate, a forecast, then the rest.

    pilot openai   175/175   $0.0113
    openai passed the gate: macro-F1 0.768 (0.702 to 0.826) on 175 pilot posts, 0.84 of what people reach.
    openai         2,114/9,002   $0.1422 · 61.0/s · forecast $0.61 (0.60 to 0.62) · agreement .81

The pilot is always asked live, at a few cents, so that nobody waits a day to hear that a labeller is no good.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bizmeme.core.annotations import Key
from bizmeme.core.consensus import Word
from bizmeme.core.estimates import Estimate
from bizmeme.core.forecast import FEWEST, Billed, Forecast, Load, by_formula, by_pilot
from bizmeme.core.pilot_gate import Gate, GateConfig, Pair, decide
from bizmeme.core.prices import Mode, PriceTable
from bizmeme.errors import ConfigError, GateError
from bizmeme.ports.clocks import Clock
from bizmeme.ports.labellers import Labeller, Question
from bizmeme.shell.auto_label.questions import Work, word
from bizmeme.shell.journal import Journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.batch_book import BatchBook
from bizmeme.shell.paying.batching import BatchDesk
from bizmeme.shell.paying.desk import Asking
from bizmeme.shell.paying.statement import seconds_per_answer
from bizmeme.shell.paying.till import Asked, Pictures, hashed, request_hash

_USUAL_OUTPUT_TOKENS = 30  # of a chat's answer, before any was seen


@dataclass(frozen=True, slots=True)
class Hired:
    """A labeller, the section that it was built from, and its mode."""

    name: str
    labeller: Labeller
    mode: Mode


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every labeller of a run."""

    budget_usd: float
    asking: Asking
    gate: GateConfig
    prices: PriceTable
    labels: Sequence[str]
    seed: int


@dataclass(frozen=True, slots=True)
class Tools:
    """What a labelling works with."""

    journal: Journal
    clock: Clock
    pictures: Pictures


class Labelling:
    """One labeller at work on posts, with one journal and one clock."""

    def __init__(self, hired: Hired, work: Work, terms: Terms, tools: Tools) -> None:
        self.name, self.labeller, self.mode = hired.name, hired.labeller, hired.mode
        self._work, self._terms = work, terms
        self._journal, self._clock, self._pictures = tools.journal, tools.clock, tools.pictures
        how, cap_usd = terms.asking, terms.budget_usd
        self._live = LiveDesk(self.labeller, self.name, tools.journal, how=how, cap_usd=cap_usd)
        self._bulk = (
            BatchDesk(self.labeller, self.name, tools.journal, how=how, cap_usd=cap_usd)
            if self.labeller.batches is not None
            else self._live
        )

    @property
    def distinct(self) -> int:
        """Requests, each once."""
        return len(set(self._work.questions.values()))

    @property
    def seconds_per_answer(self) -> float | None:
        """As measured so far; None before any answer."""
        return seconds_per_answer(self._journal.ledger, self.name, self.labeller.model)

    def held(self, keys: Collection[Key]) -> dict[Key, Asked]:
        """What the journal holds of these posts' answers."""
        questions = {key: self._work.questions[key] for key in keys if key in self._work.questions}
        replies = {
            key: (request, self._journal.ledger.reply(request))
            for key, request in hashed(self.labeller.identity, questions).items()
        }
        return {
            key: Asked(request, reply.body, self.labeller.read(reply.body), reply.cost_usd)
            for key, (request, reply) in replies.items()
            if reply is not None
        }

    async def fetch_batches(self) -> None:
        """In mode batch, bring what earlier runs ordered to its end: it is paid for, whatever stops this run.

        And the pilot may ask about posts that were none of it when they were ordered.
        """
        if self.mode == "batch" and BatchBook(self._journal.ledger).unfinished(self.name):
            nothing: dict[Key, Question] = {}
            await self._bulk.ask_all(nothing, self._pictures, self._clock, what=f"batches of {self.name}")

    async def check_alive(self) -> None:
        """Raise ConfigError where the model is shut down, by the price table or by its vendor's word today.

        Whatever is held needs no model: nobody is asked where nothing is missing.
        """
        if not self.open_questions():
            return
        async with self._clock.session() as timer:
            today = datetime.fromtimestamp(await timer.now(), UTC).date()
        self._terms.prices.check_alive(self.labeller.model, today)
        shutdown = (await self.labeller.card()).shutdown
        if shutdown is not None and shutdown <= today:
            raise ConfigError(
                f"{self.labeller.model} was shut down on {shutdown}, its vendor says. Nothing was asked. "
                f"Choose another labeller.{self.name}.model."
            )

    async def ask_pilot(self) -> dict[Key, Asked]:
        """Ask about the posts that people labelled."""
        questions = {
            key: self._work.questions[key] for key in self._work.pilot if key in self._work.questions
        }
        return await self._live.ask_all(questions, self._pictures, self._clock, what=f"pilot {self.name}")

    def measure(self, pilot: Mapping[Key, Asked]) -> Gate:
        """Hold the pilot against the gate."""
        pairs = [
            Pair(self._work.pilot[key], asked.answer.label, self._work.threads[key], asked.answer.reason)
            for key, asked in pilot.items()
        ]
        terms, people = self._terms, self._work.ceiling
        ceiling = people.macro_f1.value if people else None
        return decide(pairs, terms.gate, labels=terms.labels, ceiling=ceiling, seed=terms.seed)

    def rest(self, pilot: Mapping[Key, Asked]) -> list[Question]:
        """Every question once that the pilot did not put, whether or not its reply is held."""
        put = {self._work.questions[key] for key in pilot}
        return [each for each in dict.fromkeys(self._work.questions.values()) if each not in put]

    def open_questions(self) -> list[Question]:
        """Every question once whose reply is not held."""
        held = {self._work.questions[key] for key in self.held(self._work.questions)}
        return [each for each in dict.fromkeys(self._work.questions.values()) if each not in held]

    def under_way(self, questions: Sequence[Question]) -> dict[Question, str]:
        """Those that are in batches which were not fetched yet, each with the section that asked."""
        asked = BatchBook(self._journal.ledger).under_way_of_all()
        if not asked:
            return {}
        identity = self.labeller.identity
        found = {each: asked.get(request_hash(identity, each)) for each in questions}
        return {each: section for each, section in found.items() if section is not None}

    def forecast_open(self, pilot: Mapping[Key, Asked], questions: Sequence[Question]) -> Forecast:
        """The same of all that is to ask: the pilot's at the live price, since they are asked live."""
        first = {self._work.questions[key] for key in self._work.pilot if key in self._work.questions}
        live = self.forecast(pilot, [each for each in questions if each in first], mode=self._pilot_mode)
        return live.plus(self.forecast(pilot, [each for each in questions if each not in first]))

    @property
    def _pilot_mode(self) -> Mode:
        return "live" if self.mode == "batch" else self.mode

    def forecast(
        self, pilot: Mapping[Key, Asked], questions: Sequence[Question], *, mode: Mode | None = None
    ) -> Forecast:
        """What these questions will cost at the price of a mode, else of ours, by what the pilot's took."""
        prices = self._terms.prices.models[self.labeller.model].prices(mode or self.mode)
        assert prices is not None  # PriceTable.usable has seen to that
        loads = [self._load(question) for question in questions]
        asked = {self._work.questions[key]: one for key, one in pilot.items()}
        billed = [
            Billed(self._load(question), one.answer.usage)
            for question, one in asked.items()
            if one.answer.usage is not None
        ]
        if len(billed) >= FEWEST:
            return by_pilot(billed, loads, prices, seed=self._terms.seed)
        told = questions[0].instruction if questions else ""
        output_tokens = 0 if self.mode == "decisions" else _USUAL_OUTPUT_TOKENS
        return by_formula(loads, prices, instruction_chars=len(told), output_tokens=output_tokens)

    def _load(self, question: Question) -> Load:
        picture = question.picture
        return Load(len(question.post), self.labeller.picture_tokens(picture) if picture else 0)

    def stopped(self, pilot: Mapping[Key, Asked], gate: Gate) -> "Told":
        """What was said where the gate stayed closed: the pilot's answers alone."""
        forecast = self.forecast(pilot, self.rest(pilot))
        return Told(self.labeller.model, self.mode, pilot, pilot.keys(), gate=gate, forecast=forecast)

    async def told(self, pilot: Mapping[Key, Asked], gate: Gate) -> "Told":
        """Ask about all others, at the mode's price."""
        forecast = self.forecast(pilot, self.rest(pilot))
        questions = {key: each for key, each in self._work.questions.items() if key not in pilot}
        note = " · ".join(filter(None, [f"forecast {dollars(forecast.usd)}", _agreement(gate)]))
        rest = await self._bulk.ask_all(
            questions, self._pictures, self._clock, what=self.name, note=lambda: note
        )
        model = self.labeller.model
        return Told(model, self.mode, {**pilot, **rest}, pilot.keys(), gate=gate, forecast=forecast)


@dataclass(frozen=True, slots=True)
class Told:
    """What a labeller said, how its pilot did, what the rest was forecast to cost."""

    model: str
    mode: Mode
    said: Mapping[Key, Asked]
    pilot: Collection[Key]
    gate: Gate
    forecast: Forecast

    def words(self, name: str) -> dict[Key, Word]:
        """Its labels, or why there is none."""
        return {key: word(name, asked.answer) for key, asked in self.said.items()}


def hold(gates: Mapping[str, Gate]) -> None:
    """Raise GateError where a labeller may not be asked on."""
    closed = [gate.message(name) for name, gate in gates.items() if not gate.is_open]
    if closed:
        raise GateError("\n".join(closed))


def dollars(usd: Estimate, *, digits: int = 2) -> str:
    """A forecast as people read it: `$0.61 (0.60 to 0.62)`."""
    if usd.value is None:
        return "unknown"
    limits = (
        "" if usd.low is None or usd.high is None else f" ({usd.low:.{digits}f} to {usd.high:.{digits}f})"
    )
    return f"${usd.value:.{digits}f}{limits}"


def _agreement(gate: Gate) -> str:
    return "" if gate.accuracy.value is None else f"agreement {gate.accuracy.value:.2f}"
