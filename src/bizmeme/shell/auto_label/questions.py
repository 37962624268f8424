"""What vision APIs are to be asked: which posts, in which words, with which picture; what is known before.

Every post with a picture is asked about, but for those that people labelled to train on, and those whose
automatic label was brought along. Posts with the same words and nearly the same picture share one question.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from bizmeme.core.annotations import Key
from bizmeme.core.consensus import Word
from bizmeme.core.estimates import Estimate
from bizmeme.core.near_copies import heads
from bizmeme.core.prompts import fenced_post, instruction
from bizmeme.core.splits import unit_hash
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.labellers import Answer, Picture, Question
from bizmeme.shell.parquet import read_json, read_table
from bizmeme.shell.paying.till import Asked
from bizmeme.shell.ties import fingerprints
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.labels import HumanLabels
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawReplies

KEY = ["board", "no"]
IMPORTED = "imported"  # the labeller, and model, of automatic labels that nobody knows the model of


@dataclass(frozen=True, slots=True)
class Prompting:
    """How posts become questions."""

    labels: Labels
    guideline: str
    max_chars: int
    limit: int | None  # of posts
    ask_again: bool  # about posts whose automatic label was brought along


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What one person scores against the others."""

    accuracy: Estimate
    macro_f1: Estimate


@dataclass(frozen=True, slots=True)
class Work:
    """Posts to be labelled; of the pilot's, what people settled on. Gold of the role `test` is left out."""

    questions: Mapping[Key, Question]
    brought: Mapping[Key, Asked]  # automatic labels that were paid for before
    pilot: Mapping[Key, str]
    threads: Mapping[Key, int]
    gold: str  # hash of the gold set
    ceiling: Ceiling | None  # what a person reaches against the others; None where no post has two labels

    def words(self) -> dict[str, dict[Key, Word]]:
        """What was brought along, as the words of one labeller more, where there are any."""
        if not self.brought:
            return {}
        return {IMPORTED: {key: word(IMPORTED, asked.answer) for key, asked in self.brought.items()}}


def word(labeller: str, answer: Answer) -> Word:
    """An answer as one labeller's vote."""
    return Word(labeller, answer.label, answer.confidence, answer.reason)


def work_to_do(how: Prompting, workspace: Workspace) -> Work:
    """Read the tables and put the questions."""
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    settled = human.filter(pl.col("role") != "test", pl.col("gold").is_not_null())
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    taught = settled.filter(role="train")
    shown = posts.filter(pl.col("image_sha256").is_not_null()).join(taught, on=KEY, how="anti")
    pilot = {(row[0], row[1]): row[2] for row in settled.filter(role="dev").select(*KEY, "gold").iter_rows()}
    brought = _brought(shown, how, workspace)
    asked = _some(shown.filter(~_among(shown, brought)), pilot, limit=how.limit)
    agreement = read_json(workspace.read("metrics/agreement.json"))
    ceiling = agreement["ceiling"]
    questions = _questions(asked, how, workspace)
    return Work(
        questions=questions,
        brought=brought,
        pilot={key: gold for key, gold in sorted(pilot.items()) if key in questions or key in brought},
        threads={(row[0], row[1]): row[2] for row in shown.select(*KEY, "thread_no").iter_rows()},
        gold=agreement["gold"],
        ceiling=ceiling and Ceiling(*(Estimate(**ceiling[name]) for name in ("accuracy", "macro_f1"))),
    )


def _brought(shown: pl.DataFrame, how: Prompting, workspace: Workspace) -> dict[Key, Asked]:
    """The automatic labels that came with imported posts, where they are not to be asked for again."""
    replies = read_table(RawReplies, workspace.read("data/raw/replies.parquet"))
    for word in replies["label"].unique().sort():
        how.labels.check(word, where="data/raw/replies.parquet")
    if how.ask_again:
        return {}
    rows = replies.join(shown, on=KEY, how="semi").sort(KEY).iter_rows(named=True)
    return {(row["board"], row["no"]): _as_brought(row) for row in rows}


def _as_brought(row: Mapping[str, Any]) -> Asked:
    digest = hashlib.sha256(row["raw"].encode()).hexdigest()
    answer = Answer(row["label"], row["confidence"], None, None, None, usage=None)
    return Asked(digest, None, answer, 0.0)


def _among(posts: pl.DataFrame, keys: Mapping[Key, object]) -> pl.Series:
    return pl.Series([(row[0], row[1]) in keys for row in posts.select(KEY).iter_rows()], dtype=pl.Boolean)


def _some(posts: pl.DataFrame, pilot: Mapping[Key, str], *, limit: int | None) -> pl.DataFrame:
    """The pilot and others up to the limit; a larger limit takes the same ones and more."""
    if limit is None:
        return posts
    lots = [
        -1.0 if (row[0], row[1]) in pilot else unit_hash("limit", *row)
        for row in posts.select(KEY).iter_rows()
    ]
    drawn = posts.with_columns(lot=pl.Series(lots, dtype=pl.Float64)).sort("lot", *KEY)
    return drawn.head(max(limit, lots.count(-1.0))).drop("lot")


def _questions(posts: pl.DataFrame, how: Prompting, workspace: Workspace) -> dict[Key, Question]:
    """Each post's question: that of the earliest post it is a near copy of."""
    images = read_table(Images, workspace.read("data/images.parquet")).rename({"sha256": "image_sha256"})
    known = posts.join(images, on="image_sha256").sort("posted_at", *KEY)
    told = instruction(how.labels, how.guideline)
    columns = known.select("subject", "text", "image_sha256", "width_px", "height_px")
    each = [
        Question(told, fenced_post(row[0], row[1], max_chars=how.max_chars), Picture(*row[2:]))
        for row in columns.iter_rows()
    ]
    first = heads([question.post for question in each], *fingerprints(known))
    keys = [(row[0], row[1]) for row in known.select(KEY).iter_rows()]
    return dict(sorted((key, each[head]) for key, head in zip(keys, first, strict=True)))
