"""What was said against what is true, and which copies cross a split: possible in a sandbox alone.

One post of the truth route:

    {"board": "biz", "no": 60123456, "mood": "bearish", "scene": "crash", "topic": "doom", "hard": false,
     "unseen": false, "picture": "d-0042", "copypasta": null, "copy": "cropped"}

`hard`: its picture is murky or its phrase misspelt. `unseen`: its phrase, or the manner in which it is drawn,
is one that only threads of the last period show. `picture` is the same for all copies of one drawing,
`copypasta` for all posts of one text.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from bizmeme.core.metrics import score

Key = tuple[str, int]
Figures = dict[str, Any]

COPIES = (
    "original",
    "repost",
    "recompressed",
    "cropped",
    "captioned",
)  # from the same bytes to the least alike


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one post."""

    mood: str
    hard: bool
    unseen: bool
    picture: str
    copypasta: str | None
    copy: str


def truths(posts: Iterable[Mapping[str, Any]]) -> dict[Key, Truth]:
    """The truth route's posts by their key; raises KeyError where one lacks a field."""
    names = [field.name for field in fields(Truth)]
    return {(post["board"], post["no"]): Truth(**{name: post[name] for name in names}) for post in posts}


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows the truth of every post, and the labels in their order."""

    truth: Mapping[Key, Truth]
    labels: Sequence[str]

    def against(self, said: Mapping[Key, str]) -> Figures:
        """Number, accuracy and macro-F1 of what was said of the posts whose truth is known."""
        known = [(self.truth[key].mood, word) for key, word in sorted(said.items()) if key in self.truth]
        one = score([true for true, _ in known], [word for _, word in known], labels=self.labels)
        return {"n": one.n, "accuracy": one.accuracy, "macro_f1": one.macro_f1}

    def known(self, keys: Iterable[Key]) -> list[Key]:
        """Those of which the truth is known."""
        return [key for key in keys if key in self.truth]

    def groups(self, said: Mapping[Key, str], **members: Callable[[Key], bool]) -> Figures:
        """`truth`, over all posts, and the same for each group; a group without posts is left out."""
        figures = {"truth": self.against(said)}
        for name, is_member in members.items():
            part = {key: word for key, word in said.items() if key in self.truth and is_member(key)}
            if part:
                figures[name] = self.against(part)
        return figures

    def is_hard(self, key: Key) -> bool:
        """Is its picture murky, or its phrase misspelt?"""
        return self.truth[key].hard

    def is_unseen(self, key: Key) -> bool:
        """Does only the last period show its phrase, or its manner of drawing?"""
        return self.truth[key].unseen

    def is_seen(self, key: Key) -> bool:
        """Do training days show its phrase, and its manner of drawing?"""
        return not self.truth[key].unseen

    def errors(self, said: Iterable[tuple[str, Key, str]]) -> Figures:
        """Of (annotator, post, label): for each annotator how many posts, and the share of wrong labels."""
        wrong: dict[str, list[bool]] = defaultdict(list)
        for annotator, key, word in said:
            if key in self.truth:
                wrong[annotator].append(word != self.truth[key].mood)
        return {
            name: {"n": len(each), "error": sum(each) / len(each)} for name, each in sorted(wrong.items())
        }

    def copies(self, held_out: Iterable[Key], *, train: Iterable[Key]) -> Figures:
        """How many held-out rows have in train a copy of their drawing, by kind, or share a copypasta.

        The kind of a pair is the less alike of its two posts' kinds (an original beside its cropped copy is
        `cropped`); a row with several partners counts once, under the kind of the closest.
        """
        asked, taught = ([self.truth[key] for key in keys if key in self.truth] for keys in (held_out, train))
        kinds = defaultdict(list)
        for one in taught:
            kinds[one.picture].append(one.copy)
        closest = Counter(_closest(one.copy, kinds[one.picture]) for one in asked)
        by_kind = {kind: closest[kind] for kind in COPIES}
        pastas = {one.copypasta for one in taught} - {None}
        return {
            "rows": len(asked),
            "pictures": sum(by_kind.values()),
            "by_kind": by_kind,
            "copypastas": sum(one.copypasta in pastas for one in asked),
        }


def _closest(kind: str, others: Iterable[str]) -> str | None:
    """The kind of the closest pair that it makes with others of the same drawing; None without any."""
    return min((max(kind, other, key=COPIES.index) for other in others), key=COPIES.index, default=None)
