"""What the vision API answers: JSON that fits the asked schema, its tokens, and their log-probabilities.

    {"label":"bullish","rationale":"…"}  →  `{"` `labe` `l` `":"` `bull` `ish` `","` …

Tokens join to the text. The label's first token carries the answer's confidence, and its alternatives are
the first tokens of the other labels.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bizmeme.sandbox.dice import share
from bizmeme.sandbox.moods import MOODS

_TOKEN = re.compile(r"[{}\[\]\":,]+| ?[A-Za-z]{1,4}|\d{1,3}|\s+|.", re.DOTALL)
_OTHERS = ("\n", " the", "mixed", "un", "pos", "neg", " ", "none", "{", "}", " a", "-", "_", "I", "0", "1",
           "?", ".", "The", "It", "this")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is to be said."""

    label: str
    odds: Mapping[str, float]  # of every label, summing to 1
    rationale: str


@dataclass(frozen=True, slots=True)
class Speech:
    """An answer; `label_at` is where the label begins in `text`, -1 where the schema has no place for it."""

    text: str
    label_at: int


def speak(opinion: Opinion, schema: Mapping[str, object] | None) -> Speech:
    """The answer as JSON valid for `schema`, or the bare label without one."""
    if schema is None:
        return Speech(opinion.label, 0)
    value = _Filler(opinion, schema).fill(schema)
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    place = re.search(rf'"{re.escape(opinion.label)}"', text)
    return Speech(text, place.start() + 1 if place else -1)


class _Filler:
    """Fills a JSON schema: the label where an enum offers it, a sentence in strings, the least elsewhere."""

    def __init__(self, opinion: Opinion, root: Mapping[str, object]) -> None:
        self._opinion = opinion
        self._root = root

    def fill(self, schema: object) -> object:
        """A value that is valid for the schema; keywords beyond structured outputs' subset are ignored."""
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            return self.fill(self._resolved(str(schema["$ref"])))
        if "anyOf" in schema:
            return self.fill(schema["anyOf"][0])
        if "const" in schema or "enum" in schema:
            return self._chosen(schema.get("enum", [schema.get("const")]))
        return self._typed(schema)

    def _typed(self, schema: Mapping[str, object]) -> object:
        kind = schema.get("type", "object")
        if kind == "object":
            properties = schema.get("properties")
            return (
                {name: self.fill(of) for name, of in properties.items()}
                if isinstance(properties, dict)
                else {}
            )
        if kind == "array":
            least = schema.get("minItems", 0)
            return [self.fill(schema.get("items"))] * (least if isinstance(least, int) else 0)
        least = schema.get("minimum", 0)
        return {"string": self._opinion.rationale, "number": least, "integer": least, "boolean": False}.get(
            str(kind)
        )

    def _chosen(self, options: Sequence[object]) -> object:
        return self._opinion.label if self._opinion.label in options else options[0]

    def _resolved(self, reference: str) -> object:
        found: object = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        return found


def odds(label: str, *, best: str, content: str) -> dict[str, float]:
    """How sure the API says it is: far too sure, though a little less where it is wrong.

    Every label has its share; the mean of the top one is about .95, while the API is right in .80.
    """
    doubt = share("doubt", content) ** (3 if label == best else 1.5)
    top = 0.999 - 0.25 * doubt
    others = [mood for mood in MOODS if mood != label]
    split = 0.2 + 0.6 * share("split", content)
    return {label: top, others[0]: (1 - top) * split, others[1]: (1 - top) * (1 - split)}


def tokens(text: str) -> list[str]:
    """The text in tokens of at most four letters; they join to it."""
    return _TOKEN.findall(text)


def logprobs(speech: Speech, opinion: Opinion, *, top: int) -> list[dict[str, object]]:
    """One entry a token, as `choices[0].logprobs.content` holds them, each with `top` alternatives."""
    entries, at = [], 0
    for token in tokens(speech.text):
        rivals = _rivals(token, opinion if at == speech.label_at else None, count=top)
        own = rivals.pop(token)
        ranked = sorted([(token, own), *rivals.items()], key=lambda rival: -rival[1])
        entry = _entry(token, own) | {"top_logprobs": [_entry(*rival) for rival in ranked[:top]]}
        entries.append(entry)
        at += len(token)
    return entries


def _rivals(token: str, opinion: Opinion | None, *, count: int) -> dict[str, float]:
    """Log-probabilities of a token and of what might have stood in its place."""
    rivals = {token: -0.0001}
    if opinion is not None:
        rivals = {tokens(label)[0]: math.log(odds) for label, odds in opinion.odds.items()}
        rivals.setdefault(token, -0.0001)
    fillers = [other for other in _OTHERS if other not in rivals]
    for rank, other in enumerate(fillers[: max(0, count - len(rivals))]):
        rivals[other] = -11.0 - 0.5 * rank
    return rivals


def _entry(token: str, logprob: float) -> dict[str, object]:
    return {"token": token, "logprob": round(logprob, 6), "bytes": list(token.encode())}
