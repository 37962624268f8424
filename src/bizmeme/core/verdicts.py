"""From what each labeller said of each post to the posts' labels: calibrated, agreed upon, calibrated again.

    openai      bearish .97 → .84  ┐
    gemini      bearish .91 → .78  ┴→  bearish .98 → .90, 2 votes

Each labeller's confidence is corrected by its own pilot posts (core/calibration.py) before several are put
together (core/consensus.py), and what they come to is corrected once more: labellers err together.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from bizmeme.core.annotations import Key
from bizmeme.core.calibration import Method
from bizmeme.core.consensus import Rule, Verdict, Word, agreed
from bizmeme.core.dawid_skene import dawid_skene
from bizmeme.core.reliability import Calibrated, calibrated

Words = Mapping[str, Mapping[Key, Word]]
"""What each labeller said of the posts that it was asked about, with its raw confidence."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """Posts of which people's label is known, and the thread that each is from."""

    gold: Mapping[Key, str]
    threads: Mapping[Key, Hashable]


@dataclass(frozen=True, slots=True)
class Rules:
    """How words become verdicts."""

    labels: Sequence[str]
    consensus: Rule
    calibration: Method


@dataclass(frozen=True, slots=True)
class Concluded:
    """Every post's verdict with its raw confidence, and the calibrated one beside it."""

    verdicts: Mapping[Key, Verdict]
    confidences: Mapping[Key, float | None]
    of_each: Mapping[str, Calibrated]
    together: Calibrated


def concluded(said: Words, pilot: Pilot, rules: Rules) -> Concluded:
    """Calibrate each labeller, let them agree, calibrate the result; posts in order."""
    of_each = {name: _calibrated(words, pilot, rules.calibration) for name, words in said.items()}
    keys = sorted({key for words in said.values() for key in words})
    if len(said) == 1:
        ((name, words),) = said.items()
        verdicts = agreed({key: [words[key]] for key in keys}, labels=rules.labels)
        return Concluded(verdicts, _applied(verdicts, of_each[name]), of_each, of_each[name])
    sure = {name: _surer(words, of_each[name]) for name, words in said.items()}
    posts = {key: [words[key] for words in sure.values() if key in words] for key in keys}
    verdicts = _verdicts(posts, pilot, rules)
    words = {key: Word("all", one.label, one.confidence, one.reason) for key, one in verdicts.items()}
    together = _calibrated(words, pilot, rules.calibration)
    return Concluded(verdicts, _applied(verdicts, together), of_each, together)


def _verdicts(posts: Mapping[Key, Sequence[Word]], pilot: Pilot, rules: Rules) -> dict[Key, Verdict]:
    if rules.consensus == "agreement":
        return agreed(posts, labels=rules.labels)
    return dawid_skene(posts, labels=rules.labels, gold=pilot.gold, threads=pilot.threads)


def _calibrated(words: Mapping[Key, Word], pilot: Pilot, method: Method) -> Calibrated:
    """By the pilot posts that have a label."""
    known = [key for key in pilot.gold if key in words and words[key].label is not None]
    return calibrated(
        [words[key].confidence for key in known],
        [words[key].label == pilot.gold[key] for key in known],
        threads=[pilot.threads[key] for key in known],
        method=method,
    )


def _surer(words: Mapping[Key, Word], by: Calibrated) -> dict[Key, Word]:
    """The same words with calibrated confidences."""
    corrected = by.calibration.apply([word.confidence for word in words.values()])
    return {
        key: Word(word.labeller, word.label, confidence, word.reason)
        for (key, word), confidence in zip(words.items(), corrected, strict=True)
    }


def _applied(verdicts: Mapping[Key, Verdict], by: Calibrated) -> dict[Key, float | None]:
    corrected = by.calibration.apply([verdict.confidence for verdict in verdicts.values()])
    return dict(zip(verdicts, corrected, strict=True))
