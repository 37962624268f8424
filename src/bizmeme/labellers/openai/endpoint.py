"""What the adapter needs of an endpoint: requests, what shapes an answer, and how replies are read."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bizmeme.core.prices import Usage
from bizmeme.core.replies import Reading
from bizmeme.ports.labellers import Question


class Endpoint(Protocol):
    """Chat or decisions."""

    path: str
    kind: str  # of a reply, in a sentence
    answers: Sequence[str]  # keys under which a reply has what it says

    @property
    def identity(self) -> Mapping[str, object]:
        """What shapes an answer beside question, model and picture."""
        ...

    @property
    def most_output_tokens(self) -> int:
        """The longest answer that can be billed."""
        ...

    def body(self, question: Question, *, picture: str | None) -> dict[str, object]:
        """A request; `picture` is a data URL. What all requests share comes first."""
        ...

    def usage(self, reply: Mapping[str, Any]) -> Usage:
        """What was used; raises LookupError, TypeError or AttributeError where the block is none."""
        ...

    def reading(self, reply: Mapping[str, Any]) -> Reading:
        """What it says; raises LookupError, TypeError, ValueError or AttributeError where it is no reply."""
        ...
