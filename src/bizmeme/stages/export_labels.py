"""export_labels: pushes the sampled posts that people lack, exports what they said, measures agreement.

Labels that were imported with other posts, or given in the queue, stand in the table as well, in the role
`train`.
"""

from collections.abc import Collection, Sequence
from typing import Any

from bizmeme.core.agreement import measured, sampled_posts
from bizmeme.core.annotations import Annotation, Key, brought
from bizmeme.core.settings import Plugin, PositiveInt, Section, Seed, Share
from bizmeme.core.settling import TEACHING, Settled, settled
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import GateError
from bizmeme.ports.annotators import Annotator, Exported
from bizmeme.shell.builder import build
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.labelling import Asking, keep_exports
from bizmeme.shell.parquet import from_rows, read_table, write_json, write_table
from bizmeme.shell.workspace import Workspace
from bizmeme.tables.labels import GoldSample, HumanLabels
from bizmeme.tables.posts import Posts
from bizmeme.tables.raw import RawLabels


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
    seed: Seed
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Push, export, settle the votes; stops where too few posts are answered."""
    sample = read_table(GoldSample, workspace.read("data/gold_sample.parquet"))
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    asking = Asking.of(sample, posts, seed=params.seed)
    exported = _exported(asking, params, workspace)
    roles = {(row[0], row[1]): row[2] for row in sample.select("board", "no", "role").iter_rows()}
    gold = [each for each in exported.said if each.key in roles and each.project != "queue"]
    taught = [each for each in exported.said if each.key not in roles and each.project == "queue"]
    taught += _before(workspace, sampled=roles.keys())
    require_enough(gold, shown=len(asking.shown), config=params.export_labels)
    min_votes = params.export_labels.min_votes
    known = {
        **settled(gold, min_votes=min_votes),
        **settled(taught, min_votes=1, voting=TEACHING),
    }
    rows = [_row(each, roles.get(each.key, "train"), known.get(each.key)) for each in [*gold, *taught]]
    write_table(HumanLabels, from_rows(HumanLabels, rows), workspace.write("data/human_labels.parquet"))
    names = params.labels.names
    people = sampled_posts(sample, posts)
    figures = measured(gold, people, labels=names, min_votes=min_votes, seed=params.seed)
    write_json(figures | {"gone": asking.gone}, workspace.write("metrics/agreement.json"))


def _exported(asking: Asking, params: Params, workspace: Workspace) -> Exported:
    """What people said, after what they lack was pushed: the first push freezes the sample."""
    annotator: Annotator = build(
        "annotator",
        params.annotator,
        labels=params.labels,
        guideline=params.guideline,
        home=workspace.home,
        images=ImageStore(workspace.read("data/images")),
    )
    exported = asking.push(annotator, workspace).exported if annotator.asks else annotator.export()
    keep_exports(exported, workspace.home / "exports" / workspace.origin)
    for what, count in exported.ignored.items():
        if count:
            print(f"export_labels: not counted: {count} {what}")  # noqa: T201
    return exported


def _before(workspace: Workspace, *, sampled: Collection[Key]) -> list[Annotation]:
    """What people said before of posts that are not sampled: to train on, on training days."""
    table = read_table(RawLabels, workspace.read("data/raw/labels.parquet"))
    return [each for each in brought(table) if each.key not in sampled]


def require_enough(said: Sequence[Annotation], *, shown: int, config: ExportLabelsConfig) -> None:
    """Raise GateError where too few of the posts that can be shown have an answer."""
    answered = len({each.key for each in said})
    if answered < config.min_share_answered * shown:
        raise GateError(
            f"{answered} of {shown} sampled posts are labelled; export_labels.min_share_answered is "
            f"{config.min_share_answered}. Label more of them (`bizmeme label status` says where), then run "
            "`make refresh-labels`."
        )


def _row(each: Annotation, role: str, known: Settled | None) -> dict[str, Any]:
    return {
        "board": each.key[0],
        "no": each.key[1],
        "project": each.project,
        "annotator": each.annotator,
        "repeat": each.repeat,
        "role": role,
        "label": each.label,
        "reason": each.reason,
        "gold": known.label if known else None,
        "settled": known.how if known else None,
    }
