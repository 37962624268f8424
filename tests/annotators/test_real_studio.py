"""Labelling on a real Label Studio, from the push to the figures, by two simulated people over its API."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from bizmeme.apps.label import main
from bizmeme.core.splits import unit_hash
from bizmeme.shell.parquet import read_table
from bizmeme.tables.labels import GoldSample, HumanLabels
from tests.annotators.drawn_posts import write_posts
from tests.stages.pipeline import Pipeline

if TYPE_CHECKING:
    from tests.studio import RealStudio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

MOODS = ("bearish", "neutral", "bullish")
TASKS, MORE = 300, 100
SET_UP = (
    "sandbox=none",
    "annotator=server",
    "split.block_days=7",
    "split.gold_days=4",
    "split.last_period_from=null",
    f"sample.size={TASKS}",
    "sample.dev=60",
    "sample.min_training_left=50",
    "export_labels.min_share_answered=0.5",
)
Shown = Mapping[str, dict[int, Mapping[str, Any]]]  # project → task's number → data


@dataclass(frozen=True)
class Person:
    """Somebody who answers by chance, always the same to the same showing."""

    name: str
    client: Any
    user: str  # the server's number

    def word(self, no: int, repeat: bool) -> str:
        """A label, a skip, an empty result or a choice nobody offered."""
        chance = unit_hash("word", self.name, no)
        if chance < 0.05:
            return "skip"
        if chance < 0.08:
            return "empty"
        if chance < 0.11:
            return "bulish"
        own = unit_hash("slip", self.name, no, repeat) < 0.15
        return MOODS[int(unit_hash("own" if own else "mood", self.name if own else "", no) * 3)]

    def answer(self, task: int, no: int, repeat: bool) -> None:
        """Submit it."""
        word = self.word(no, repeat)
        choices = [] if word in ("skip", "empty") else [word]
        result = [
            {"from_name": "mood", "to_name": "image", "type": "choices", "value": {"choices": [choice]}}
            for choice in choices
        ]
        self.client.annotations.create(id=task, result=result, was_cancelled=word == "skip", lead_time=5.0)


@dataclass(frozen=True)
class Office:
    """A pipeline's folder beside a real server, and the two people who label there."""

    pipeline: Pipeline
    studio: "RealStudio"
    first: Person
    second: Person
    say: Callable[..., str]

    def shown(self) -> Shown:
        """Every task that stands on the server."""
        client = self.studio.client()
        names = {each.title.split()[-1]: each.id for each in client.projects.list() if "gold" in each.title}
        return {
            name: {task.id: task.data for task in client.tasks.list(project=number, page_size=100)}
            for name, number in names.items()
        }

    def table(self) -> pl.DataFrame:
        """What the stage makes of the server's labels."""
        done = self.pipeline.run("export_labels")
        assert done.returncode == 0, done.stderr
        return read_table(HumanLabels, self.pipeline.path("data/human_labels.parquet"))

    def sample(self) -> pl.DataFrame:
        return read_table(GoldSample, self.pipeline.path("data/gold_sample.parquet"))


@pytest.fixture(scope="module")
def office(real_studio: "RealStudio", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Nothing pushed yet. The folder of the server stands where `make label-studio` would have made it."""
    pipeline = Pipeline(tmp_path_factory.mktemp("office") / "pipeline", *SET_UP)
    write_posts(pipeline.folder, 900)
    pipeline.home.mkdir()
    (pipeline.home / "label-studio").symlink_to(real_studio.studio.folder)
    other = real_studio.make_user("second@localhost", "labels-alone-2")
    people = [
        Person(name, client, str(client.users.whoami().id))
        for name, client in (("ann", real_studio.client()), ("bob", real_studio.client(other)))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABEL_STUDIO_API_KEY", real_studio.token)
        patch.setenv("BIZMEME_HOME", str(pipeline.home))
        patch.setenv("COLUMNS", "200")
        patch.chdir(pipeline.folder)
        done = pipeline.run("sample")
        assert done.returncode == 0, done.stderr
        first, second = people
        yield Office(pipeline, real_studio, first, second, _said)


def _said(*arguments: object) -> str:
    """`bizmeme label …`; what it printed."""
    import contextlib
    import io

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main([*map(str, arguments), *SET_UP])
    return said.getvalue()


@pytest.fixture(scope="module")
def labelled(office: Office) -> tuple[Office, Shown]:
    """Pushed, twice, and answered: `first` by one person, `second` by the other."""
    office.say("push")
    shown = office.shown()
    for person, project in ((office.first, "first"), (office.second, "second")):
        for task, data in shown[project].items():
            person.answer(task, data["no"], data["repeat"])
    return office, shown


def test_every_picture_answers_and_a_second_push_changes_nothing(labelled: tuple[Office, Shown]) -> None:
    office, shown = labelled
    said = office.say("push")
    assert "Every picture answers" in said
    assert f"{office.studio.base_url}/projects/" in said
    again = office.shown()
    assert {name: again[name] for name in shown} == shown
    sample = office.sample()
    assert len(sample) == TASKS
    assert len(shown["first"]) == TASKS + sample["repeat"].sum()
    assert len(shown["second"]) == sample["second"].sum() == round(0.15 * TASKS)
    assert all("name" not in data and data["image"].startswith("/data/") for data in shown["first"].values())


def test_the_table_says_what_people_did_word_for_word(labelled: tuple[Office, Shown]) -> None:
    office, shown = labelled
    told = {"skip": "skipped", "empty": "empty", "bulish": "unknown choice 'bulish'"}
    expected = set()
    for person, project in ((office.first, "first"), (office.second, "second")):
        for data in shown[project].values():
            word = person.word(data["no"], data["repeat"])
            label = None if word in told else word
            row = (data["no"], project, person.user, data["repeat"], label, told.get(word))
            expected.add(row)
    table = office.table().filter(pl.col("project") != "adjudication")
    columns = table.select("no", "project", "annotator", "repeat", "label", "reason")
    assert set(columns.iter_rows()) == expected
    assert len(columns) == len(expected)


def test_the_figures_are_those_of_what_people_did(labelled: tuple[Office, Shown]) -> None:
    office, shown = labelled
    office.table()
    figures = json.loads(office.pipeline.path("metrics/agreement.json").read_text())
    words = {
        (person.name, data["no"], data["repeat"]): word
        for person, project in ((office.first, "first"), (office.second, "second"))
        for data in shown[project].values()
        if (word := person.word(data["no"], data["repeat"])) in MOODS
    }
    both = [
        (words["ann", no, False], words["bob", no, False])
        for name, no, _ in words
        if name == "bob" and ("ann", no, False) in words
    ]
    (pair,) = figures["pairs"]
    assert pair["posts"] == len(both)
    assert pair["agreement"]["value"] == pytest.approx(sum(a == b for a, b in both) / len(both), abs=1e-9)
    kappa = cohen_kappa_score(*zip(*both, strict=True))
    assert pair["cohens_kappa"]["value"] == pytest.approx(kappa, abs=1e-9)
    counted = Counter(both)
    assert pair["confusion"] == [[counted[one, other] for other in MOODS] for one in MOODS]
    twice = [no for name, no, repeat in words if repeat and (name, no, False) in words]
    same = sum(words["ann", no, True] == words["ann", no, False] for no in twice)
    own = figures["self_agreement"][office.first.user]
    assert (own["posts"], own["value"]) == (len(twice), pytest.approx(same / len(twice), abs=1e-9))
    settled = figures["settled"]
    voted = {no for _, no, repeat in words if not repeat}
    assert settled["single"] + settled["agreed"] == len(voted) - sum(a != b for a, b in both)
    assert settled["adjudicated"] == 0  # nobody has looked at those yet
    assert figures["disputed"] == sum(a != b for a, b in both)


def test_what_two_dispute_is_waiting_in_a_project_of_its_own(labelled: tuple[Office, Shown]) -> None:
    office, _ = labelled
    table = office.table()
    words = table.filter(pl.col("project").is_in(["first", "second"]), repeat=False).drop_nulls("label")
    differ = words.group_by("no").agg(pl.col("label").n_unique()).filter(pl.col("label") > 1)
    waiting = office.shown()["adjudication"]
    assert sorted(data["no"] for data in waiting.values()) == sorted(differ["no"])


def test_answering_again_in_another_order_gives_the_same_bytes(labelled: tuple[Office, Shown]) -> None:
    office, shown = labelled
    office.table()
    before = office.pipeline.path("data/human_labels.parquet").read_bytes()
    for task, data in list(shown["first"].items())[::-15]:
        office.first.answer(task, data["no"], data["repeat"])
    office.table()
    assert office.pipeline.path("data/human_labels.parquet").read_bytes() == before


def test_extending_replaces_no_task_and_keeps_every_label(labelled: tuple[Office, Shown]) -> None:
    office, shown = labelled
    before = office.table()
    assert f"{MORE} posts more, {TASKS + MORE} in all" in office.say("extend", MORE)
    now = office.shown()
    for project, tasks in shown.items():
        assert {number: now[project][number] for number in tasks} == tasks
    added = [data["no"] for number, data in now["first"].items() if number not in shown["first"]]
    assert len(set(added)) == MORE
    assert not set(added) & {data["no"] for data in shown["first"].values()}
    assert office.table().drop("gold", "settled").equals(before.drop("gold", "settled"))
    assert f"of {TASKS + MORE}" in office.say("status")


def test_the_token_stands_in_no_file_but_its_own(labelled: tuple[Office, Shown]) -> None:
    office, _ = labelled
    token = os.environ["LABEL_STUDIO_API_KEY"].encode()
    files = [path for path in office.pipeline.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in files if token in path.read_bytes()] == []
