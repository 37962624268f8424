"""What asking live and asking in batches share: one labeller, one budget, one journal, and a bar."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.errors import ConfigError
from bizmeme.ports.clocks import Clock
from bizmeme.ports.labellers import Labeller, Question
from bizmeme.shell.journal import Journal
from bizmeme.shell.paying.batch_book import BatchBook
from bizmeme.shell.paying.commits import committing
from bizmeme.shell.paying.till import Asked, K, Note, Pictures, Tick, Till, hashed, spending


class Asking(Section):
    """How patiently a vision API is asked; what the account may ask stands with the labeller."""

    tries: PositiveInt
    """Sends of one request, where the server is busy or silent."""

    pause_s: Annotated[float, Field(gt=0)]
    """The first pause where the server names none; it doubles."""


class Desk(ABC):
    """Asks one labeller, pays from one budget, writes into one journal."""

    def __init__(
        self, labeller: Labeller, key: str, journal: Journal, *, how: Asking, cap_usd: float
    ) -> None:
        self._labeller = labeller
        self._key = key  # of its section: labeller.<key>
        self._journal = journal
        self._how = how
        self._cap_usd = cap_usd

    async def ask_all(
        self,
        questions: Mapping[K, Question],
        pictures: Pictures,
        clock: Clock,
        *,
        what: str,
        note: Note | None = None,
    ) -> dict[K, Asked]:
        """Ask everything behind a bar titled `what`, with `note` beside it; each request once.

        Raises BudgetError, QuotaError, RefusedError, ServiceError; what was answered by then is journalled.
        """
        hashes = hashed(self._labeller.identity, questions)
        distinct = {hashes[key]: question for key, question in questions.items()}
        await self._before(distinct, clock)
        async with committing(self._journal) as commits:
            till = Till(self._labeller, self._key, self._journal, commits)
            await till.price_left()
            with spending(what, len(distinct), note) as tick:
                answers = till.recalled(distinct, tick)
                missing = {each: question for each, question in distinct.items() if each not in answers}
                answers |= await self._answers(till, missing, pictures, clock, tick)
        return {key: answers[request] for key, request in hashes.items()}

    async def _before(self, distinct: Mapping[str, Question], clock: Clock) -> None:
        """Raise ConfigError where a batch that was not fetched yet asks the same: it would be paid twice."""
        under_way = BatchBook(self._journal.ledger).under_way_of_all()
        asked = Counter(under_way[each] for each in distinct if each in under_way)
        for key, count in asked.items():
            if not self._fetches(key):
                raise ConfigError(
                    f"{count} of these posts are in batches of labeller.{key} that were not fetched yet, and "
                    f"would be paid twice. Run once with auto_label.labellers=[{key}] and "
                    f"labeller.{key}.mode=batch to fetch them."
                )

    @abstractmethod
    def _fetches(self, key: str) -> bool:
        """Whether this desk fetches the batches of labeller.<key>."""

    @abstractmethod
    async def _answers(
        self, till: Till, questions: Mapping[str, Question], pictures: Pictures, clock: Clock, tick: Tick
    ) -> Mapping[str, Asked]:
        """The answers to questions that none is held of, by request."""
