"""export_labels: pushes the sampled posts that people lack, exports what they said, measures agreement.

Labels that were imported with other posts stand in the table as well, in the role `train`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from bizmeme.core.agreement import cohens_kappa, settle
from bizmeme.core.settings import Plugin, PositiveInt, Section, Share
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import GateError
from bizmeme.ports.annotators import Annotation, Annotator, Task
from bizmeme.shell.builder import build
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import from_rows, read_table, write_json, write_table
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import GoldSample, HumanLabels, Posts, RawLabels

Key = tuple[str, int]


class ExportLabelsConfig(Section):
    """When there are enough human labels."""

    min_share_answered: Share
    """Below this share of sampled posts with an answer (a skip is one), the pipeline stops and waits."""

    min_votes: PositiveInt
    """A post has a gold label only where at least so many people gave one."""


class Params(Section):
    """The sections that this stage reads."""

    annotator: Plugin
    labels: Labels
    guideline: str
    export_labels: ExportLabelsConfig
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Push, export, settle the votes; stops where too few posts are answered."""
    sample = read_table(GoldSample, workspace.read("data/gold_sample.parquet"))
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    annotator: Annotator = build(
        "annotator", params.annotator, labels=params.labels, guideline=params.guideline
    )
    annotator.push(_tasks(sample, posts, workspace))
    roles = {(row[0], row[1]): row[2] for row in sample.select("board", "no", "role").iter_rows()}
    said = [each for each in annotator.export() if each.key in roles]
    before = _before(workspace, sampled=roles.keys())
    require_enough(said, sampled=len(roles), min_share=params.export_labels.min_share_answered)
    votes = _votes(said)
    min_votes = params.export_labels.min_votes
    rows = [_row(each, roles[each.key], settle(votes[each.key], min_votes=min_votes)) for each in said]
    votes = _votes(before)
    rows += [_row(each, "train", settle(votes[each.key], min_votes=1)) for each in before]
    write_table(HumanLabels, from_rows(HumanLabels, rows), workspace.write("data/human_labels.parquet"))
    write_json(
        agreement(said, sampled=len(roles), min_votes=min_votes), workspace.write("metrics/agreement.json")
    )


def _before(workspace: Workspace, *, sampled: Collection[Key]) -> list[Annotation]:
    """What people said before of posts that are not sampled: to train on, on training days."""
    table = read_table(RawLabels, workspace.read("data/raw/labels.parquet"))
    rows = table.select("board", "no", "annotator", "label").iter_rows()
    said = [Annotation((board, no), annotator, label) for board, no, annotator, label in rows]
    return [each for each in said if each.key not in sampled]


def _tasks(sample: pl.DataFrame, posts: pl.DataFrame, workspace: Workspace) -> list[Task]:
    store = ImageStore(workspace.read("data/images"))
    shown = sample.join(posts, on=["board", "no"], maintain_order="left")
    columns = shown.select("board", "no", "subject", "text", "image_sha256")
    return [
        Task((board, no), subject, text, store.read(sha256))
        for board, no, subject, text, sha256 in columns.iter_rows()
    ]


def require_enough(said: Sequence[Annotation], *, sampled: int, min_share: float) -> None:
    """Raise GateError where too few sampled posts have an answer."""
    answered = len({each.key for each in said})
    if answered < min_share * sampled:
        raise GateError(
            f"{answered} of {sampled} sampled posts are labelled; export_labels.min_share_answered is "
            f"{min_share}. Label more of them, then run `make refresh-labels`."
        )


def _votes(said: Sequence[Annotation]) -> dict[Key, list[str | None]]:
    votes: dict[Key, list[str | None]] = defaultdict(list)
    for each in said:
        votes[each.key].append(each.label)
    return votes


def _row(each: Annotation, role: str, gold: str | None) -> dict[str, Any]:
    return {
        "board": each.key[0],
        "no": each.key[1],
        "annotator": each.annotator,
        "role": role,
        "label": each.label,
        "gold": gold,
    }


def agreement(said: Sequence[Annotation], *, sampled: int, min_votes: int) -> dict[str, Any]:
    """What metrics/agreement.json holds: counts, and each pair's agreement on the posts both labelled.

    Whoever answered less than half of the posts stands in no pair: a third person who settles what two
    dispute sees only the hardest, and would seem to agree with nobody.
    """
    votes = _votes(said)
    settled = {key: settle(each, min_votes=min_votes) for key, each in votes.items()}
    by_person: dict[str, dict[Key, str]] = defaultdict(dict)
    for each in said:
        if each.label is not None:
            by_person[each.annotator][each.key] = each.label
    answers = Counter(each.annotator for each in said)
    regular = sorted(who for who in by_person if 2 * answers[who] >= len(votes))
    return {
        "sampled": sampled,
        "answered": len(votes),
        "gold": sum(label is not None for label in settled.values()),
        "disputed": sum(len(set(each) - {None}) > 1 and settled[key] is None for key, each in votes.items()),
        "skipped_by_all": sum(set(each) == {None} for each in votes.values()),
        "pairs": [_pair(by_person, left, right) for left, right in combinations(regular, 2)],
    }


def _pair(by_person: dict[str, dict[Key, str]], left: str, right: str) -> dict[str, Any]:
    both = sorted(by_person[left].keys() & by_person[right].keys())
    mine, theirs = ([by_person[who][key] for key in both] for who in (left, right))
    same = sum(a == b for a, b in zip(mine, theirs, strict=True))
    return {
        "annotators": [left, right],
        "posts": len(both),
        "agreement": same / len(both) if both else None,
        "cohens_kappa": cohens_kappa(mine, theirs),
    }
