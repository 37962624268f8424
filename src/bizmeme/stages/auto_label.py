"""auto_label: a vision API labels every post with a picture, under a dollar cap: pilot, gate, then all.

The pilot asks about the `dev` gold posts first. Where the labels agree too little with people's, the stage
stops before the bulk is paid. Replies stand in the journal before they are read, so that a stopped run goes
on where it was and no answer is paid twice.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import polars as pl
from pydantic import Field

from bizmeme.core.gold import gold_hash_of
from bizmeme.core.metrics import score
from bizmeme.core.prompts import fenced_post, instruction
from bizmeme.core.settings import Plugin, PositiveInt, Section, Share
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import GateError
from bizmeme.ports.labellers import Answer, Labeller, Question
from bizmeme.shell.asking import Asked, Asking, Desk
from bizmeme.shell.builder import build
from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import alone, open_journal
from bizmeme.shell.parquet import from_rows, read_table, write_json, write_table
from bizmeme.shell.workspace import Workspace
from bizmeme.tables import AutoLabels, HumanLabels, Posts, RawReplies

Key = tuple[str, int]
KEY = ["board", "no"]
IMPORTED = "imported"  # the model of automatic labels that nobody knows the model of


class Gate(Section):
    """What the pilot must show."""

    min_posts: PositiveInt
    """Fewer `dev` posts with a gold label than this prove nothing: the stage stops."""

    min_accuracy: Share
    """Share of the pilot's gold labels that the model must give."""


class AutoLabelConfig(Section):
    """What is asked, and what it may cost."""

    budget_usd: Annotated[float, Field(gt=0)]
    """Hard cap over all providers, processes and restarts of this origin."""

    max_chars: PositiveInt
    """Longer texts are cut in the prompt."""

    asking: Asking
    """Concurrency, rate, patience."""

    gate: Gate
    """The pilot's threshold."""

    ask_again: bool
    """Ask about posts, too, whose automatic label was imported: of an unknown model, and paid for."""


class Params(Section):
    """The sections that this stage reads."""

    labeller: Plugin
    labels: Labels
    guideline: str
    clock: Plugin
    auto_label: AutoLabelConfig
    sandbox: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be asked, of which posts people's word is known, gold's hash, what was paid elsewhere."""

    requests: Mapping[Key, Mapping[str, object]]
    pilot: Mapping[Key, str]
    gold: str
    before: Mapping[Key, Asked]


def run(params: Params, workspace: Workspace) -> None:
    """Ask about the pilot, hold the gate, ask about the rest; write what was answered."""
    labeller: Labeller = build("labeller", params.labeller, labels=params.labels)
    work = _work(labeller, params, workspace)
    with open_journal(workspace.home, workspace.origin) as journal:
        with alone(workspace.home, workspace.origin, doing="asking"):
            answers = asyncio.run(_label(work, labeller, params=params, journal=journal))
        in_doubt_usd = {each.request_hash: each.reserved_usd for each in journal.doubts()}
    rows = [
        _row(key, asked) | {"origin": workspace.origin}
        | {"model": IMPORTED if key in work.before else labeller.model}
        | {"in_doubt_usd": in_doubt_usd.get(asked.request_hash, 0.0)}
        for key, asked in sorted(answers.items())
    ]  # fmt: skip
    write_table(AutoLabels, from_rows(AutoLabels, rows), workspace.write("data/auto_labels.parquet"))
    figures = _figures(answers, work.pilot, params.labels) | {"in_doubt": len(in_doubt_usd)}
    write_json(figures | {"gold": work.gold}, workspace.write("metrics/auto_label.json"))


def _work(labeller: Labeller, params: Params, workspace: Workspace) -> Work:
    """Every post with a picture is asked about, but for those that people labelled to train on."""
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    taught = human.filter(pl.col("role") == "train", pl.col("gold").is_not_null())
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    shown = posts.filter(pl.col("image_sha256").is_not_null()).join(taught, on=KEY, how="anti")
    before = _before(shown, params, workspace)
    asked = shown.join(before, on=KEY, how="anti", maintain_order="left")
    requests = _requests(asked, labeller, params, workspace)
    known = {(row["board"], row["no"]): _paid_before(row) for row in before.iter_rows(named=True)}
    pilot = {key: label for key, label in _gold(human, role="dev").items() if key in requests or key in known}
    return Work(requests, pilot, gold_hash_of(human), known)


def _before(shown: pl.DataFrame, params: Params, workspace: Workspace) -> pl.DataFrame:
    """The imported automatic labels of those posts that are not to be asked about again."""
    replies = read_table(RawReplies, workspace.read("data/raw/replies.parquet"))
    for word in replies["label"].unique().sort():
        params.labels.check(word, where="data/raw/replies.parquet")
    return replies.join(shown, on=KEY, how="semi") if not params.auto_label.ask_again else replies.clear()


def _paid_before(row: Mapping[str, Any]) -> Asked:
    answer = Answer(row["label"], row["confidence"], rationale=None, reason=None, cost_usd=None)
    return Asked(hashlib.sha256(row["raw"].encode()).hexdigest(), None, answer, 0.0)


def _requests(
    posts: pl.DataFrame, labeller: Labeller, params: Params, workspace: Workspace
) -> dict[Key, Mapping[str, object]]:
    """Each post's request body."""
    told = instruction(params.labels, params.guideline)
    store = ImageStore(workspace.read("data/images"))
    columns = posts.select("board", "no", "subject", "text", "image_sha256")
    requests = {}
    for board, no, subject, text, sha256 in columns.iter_rows():
        post = fenced_post(subject, text, max_chars=params.auto_label.max_chars)
        requests[board, no] = labeller.request(Question(told, post, store.read(sha256)))
    return requests


async def _label(work: Work, labeller: Labeller, *, params: Params, journal: Journal) -> dict[Key, Asked]:
    clock, config = build("clock", params.clock), params.auto_label
    desk = Desk(labeller, journal, how=config.asking, cap_usd=config.budget_usd)
    pilot = {key: request for key, request in sorted(work.requests.items()) if key in work.pilot}
    rest = {key: request for key, request in sorted(work.requests.items()) if key not in work.pilot}
    try:
        answers = dict(work.before) | await desk.ask_all(pilot, clock, what="pilot")
        _hold_gate({key: answers[key].answer for key in work.pilot}, work.pilot, params)
        return answers | await desk.ask_all(rest, clock, what="labels")
    finally:
        await labeller.close()


def _hold_gate(answers: Mapping[Key, Answer], gold: Mapping[Key, str], params: Params) -> None:
    """Raise GateError where the pilot is too small or agrees too little with people."""
    gate = params.auto_label.gate
    if len(gold) < gate.min_posts:
        raise GateError(
            f"The pilot has {len(gold)} posts with a human label; auto_label.gate.min_posts is "
            f"{gate.min_posts}. Label more posts (`make refresh-labels`), or lower it."
        )
    right = sum(answers[key].label == label for key, label in gold.items())
    if right < gate.min_accuracy * len(gold):
        raise GateError(
            f"The labeller agrees with people on {right} of {len(gold)} pilot posts{_unlabelled(answers)}; "
            f"auto_label.gate.min_accuracy is {gate.min_accuracy}. Nothing more was asked. "
            "Choose another model or prompt (conf/labeller, conf/labels), or lower the gate on purpose."
        )


def _unlabelled(answers: Mapping[Key, Answer]) -> str:
    """How many pilot posts got no label, and the commonest reason; nothing where all did."""
    reasons = Counter(answer.reason for answer in answers.values() if answer.reason is not None)
    if not reasons:
        return ""
    ((commonest, _),) = reasons.most_common(1)
    return f" ({reasons.total()} got no label, mostly: {commonest})"


def _gold(human: pl.DataFrame, *, role: str) -> dict[Key, str]:
    """The settled label of each post of a role."""
    settled = human.filter(pl.col("role") == role, pl.col("gold").is_not_null())
    return {(row[0], row[1]): row[2] for row in settled.select("board", "no", "gold").iter_rows()}


def _row(key: Key, asked: Asked) -> dict[str, Any]:
    return {
        "board": key[0],
        "no": key[1],
        "request_hash": asked.request_hash,
        "label": asked.answer.label,
        "confidence": asked.answer.confidence,
        "rationale": asked.answer.rationale,
        "reason": asked.answer.reason,
        "cost_usd": asked.cost_usd,
        "reply": asked.reply,
    }


def _figures(answers: Mapping[Key, Asked], gold: Mapping[Key, str], labels: Labels) -> dict[str, Any]:
    """What metrics/auto_label.json holds; costs count each paid reply once."""
    said = [asked.answer.label for asked in answers.values()]
    pilot = score(list(gold.values()), [answers[key].answer.label for key in gold], labels=labels.names)
    paid = {asked.request_hash: asked.cost_usd for asked in answers.values()}
    return {
        "posts": len(answers),
        "labelled": sum(label is not None for label in said),
        "label_mix": {name: said.count(name) for name in labels.names},
        "cost_usd": round(sum(paid.values()), 6),
        "pilot": {"n": pilot.n, "accuracy": pilot.accuracy, "macro_f1": pilot.macro_f1},
    }
