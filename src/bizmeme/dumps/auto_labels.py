"""auto_labels.json: what some vision API said of posts, in either shape that scripts have written.

    [{"id": 60000412, "label": "bearish", "confidence": 0.8, "reasoning": "…"}, …]      a list of entries
    {"60000412": {"sentiment": "bearish", "confidence": 0.8}, "60000413": "bullish"}    entries by number
    {"model": "…", "labels": <one of the two>}                                          either inside of it

The keys that an entry may have stand in conf/imports/ (`auto_labels`). A label is a word of the vocabulary or
its rating. An id is a post's number; a picture's name in its place means the post as in test_labels.csv, and
has to be held. Which model answered is not known; each entry is kept whole.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from bizmeme.core import cells
from bizmeme.core.columns import found
from bizmeme.dumps.csv_tables import placed
from bizmeme.dumps.json_values import Value, values
from bizmeme.dumps.labels import word
from bizmeme.dumps.refusals import UnusableError, chunked
from bizmeme.ports.imports import Batch, ImportedReply, Places, Rules

_INSIDE = ("labels", "results", "auto_labels", "annotations")


class AutoLabels:
    """ports.Dump of one auto_labels.json."""

    kind = "automatic labels"
    names_posts = False

    def __init__(self, path: Path, rules: Rules, *, name: str | None = None) -> None:
        self.name, self.columns = name or path.name, dict[str, str]()
        self._path, self._rules = path, rules

    @staticmethod
    def fits(value: object, place: str, rules: Rules) -> bool:
        """Whether a file with this value at this place is one of automatic labels."""
        if not isinstance(value, dict) or not value:
            return False
        if {"number", "label"} <= found(rules.how.auto_labels, [*value]).keys():
            return True
        if place != "document":
            return False
        if any(isinstance(value.get(key), (list, dict)) for key in _INSIDE):
            return True
        return any(_speaks(each, rules) for each in [*value.values()][:10])

    def batches(self, places: Places) -> Iterator[Batch]:
        """Every entry, in order."""
        limit = self._rules.how.limits.document_mib * 2**20
        each = (self._read(one, places) for value in values(self._path, limit_chars=limit)
                for one in self._entries(value))  # fmt: skip
        return chunked(each, self._rules.how.batch_rows)

    def _entries(self, value: Value) -> Iterator[tuple[str, object, object, Value]]:
        """(place, id or None, entry, the value it stands in)."""
        entry = value.value
        whole = value.place == "document" and isinstance(entry, dict)
        if value.problem or not whole or self._single(entry):
            yield value.place, None, entry, value
            return
        assert isinstance(entry, dict)
        inside = next((entry[key] for key in _INSIDE if isinstance(entry.get(key), (list, dict))), entry)
        if isinstance(inside, list):
            yield from ((f"entry {at}", None, each, value) for at, each in enumerate(inside, start=1))
        else:
            yield from ((f"entry {cells.shown(key)}", key, each, value) for key, each in inside.items())

    def _single(self, entry: object) -> bool:
        """Whether a document is one entry by itself."""
        keys = [*entry] if isinstance(entry, dict) else []
        return {"number", "label"} <= found(self._rules.how.auto_labels, keys).keys()

    def _read(self, one: tuple[str, object, object, Value], places: Places) -> Batch:
        place, named_so, entry, value = one
        try:
            if value.problem:
                raise value.problem
            reply = self._reply(named_so, entry, places)
        except UnusableError as error:
            return Batch(refused=[error.row(self.name, place, "auto label")], share=value.share)
        return Batch(replies=[reply], share=value.share)

    def _reply(self, named_so: object, entry: object, places: Places) -> ImportedReply:
        """One entry; raises UnusableError."""
        fields: Mapping[str, object] = entry if isinstance(entry, dict) else {"label": entry}
        keys = found(self._rules.how.auto_labels, [*fields])
        label = fields.get(keys.get("label", "label"))
        if isinstance(label, (dict, list)):
            raise UnusableError("the label is no word and no rating", label)
        given = named_so if named_so is not None else fields.get(keys.get("number", "id"))
        confidence = _confidence(fields.get(keys["confidence"]) if "confidence" in keys else None)
        raw = json.dumps(cells.jsonable(fields), sort_keys=True)
        if len(raw) > (limit := self._rules.how.limits.extra_chars):
            raise UnusableError(f"the entry holds more than {limit:,} characters")
        no = self._no(given, places)
        return ImportedReply(self._rules.board, no, word(label, self._rules), confidence, raw)

    def _no(self, given: object, places: Places) -> int:
        if isinstance(given, bool) or not isinstance(given, (int, str)):
            raise UnusableError("the entry names no post", given)
        no = cells.post_number(given)
        if no is not None and addresses_nothing(no):
            return no
        return placed(given, places, self._rules.board).no


def addresses_nothing(no: int) -> bool:
    """Whether a number is too small to be the board's name of a file, and so is a post's."""
    return no < 10**12


def _speaks(entry: object, rules: Rules) -> bool:
    """Whether an entry, found under an id, holds a label."""
    if isinstance(entry, dict):
        return "label" in found(rules.how.auto_labels, [*entry])
    return isinstance(entry, str) and entry.strip().lower() in rules.labels


def _confidence(given: object) -> float | None:
    if cells.empty(given):
        return None
    read = cells.number(given)
    if read is None or not 0 <= read <= 1:
        raise UnusableError("the confidence is none between 0 and 1", given)
    return float(read)
