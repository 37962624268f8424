"""`dvc repro` and experiments on the small world, as a user drives them."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_finished_run_leaves_git_clean_and_a_second_one_runs_nothing(project: Project) -> None:
    assert project.git("status", "--porcelain") == ""
    assert project.stages_run() == []
    assert "up to date" in project.dvc("status")
    assert project.git("status", "--porcelain") == ""


def test_trying_again_keeps_the_results_and_runs_nothing_but_compose(project: Project) -> None:
    before = project.metrics("HEAD", "evaluate")
    project.update()
    assert project.stages_run() in (["compose"], [])
    assert project.git("status", "--porcelain") == ""
    assert json.loads((project.folder / "metrics" / "evaluate.json").read_text()) == before


def test_dvc_shows_the_pictures_of_labels_and_student(project: Project, tmp_path: Path) -> None:
    wanted = {f"plots/{name}.png" for name in ("auto_label/reliability", "auto_label/confusion",
                                               "evaluate/confusion", "evaluate/scores")}  # fmt: skip
    told = json.loads(project.dvc("plots", "show", "--json", "--out", str(tmp_path / "json")))
    assert set(told) == {"data"}  # and no errors
    assert set(told["data"]) == wanted
    for name, (shown,) in told["data"].items():
        assert (shown["type"], shown["revisions"]) == ("image", ["workspace"])
        assert Path(shown["url"]).read_bytes() == (project.folder / name).read_bytes()
    project.dvc("plots", "show", "--out", str(tmp_path / "page"))
    page = (tmp_path / "page" / "index.html").read_text()
    for path in (tmp_path / "page" / "static").iterdir():
        assert f"static/{path.name}" in page
    assert len(list((tmp_path / "page" / "static").iterdir())) == len(wanted)


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("conf/train/small.yaml", "learning_rate:", "learning_rate: 1.1e-3  #", {"compose", "train"}),
        ("conf/prepare/default.yaml", "min_confidence: 0.0", "min_confidence: 0.5", {"compose", "prepare"}),
        ("src/bizmeme/core/markup.py", "import html", "import html  # changed", {"parse"}),
        ("src/bizmeme/sources/board.py", "import Field", "import Field  # changed", {"parse"}),
        ("conf/clock/wall.yaml", "name: wall", "name: wall  # changed", {"compose"}),
        ("conf/labels/mood.yaml", "doom,", "gloom, doom,", {"compose", "auto_label", "export_labels"}),
        ("README.md", "bizmeme", "BizMeme", set()),
    ],
)
def test_one_changed_value_touches_only_what_reads_it(
    project: Project, file: str, old: str, new: str, changed: set[str]
) -> None:
    project.edit(file, old, new)
    assert project.changed() == changed


def test_an_unselected_option_and_a_parsers_comment_rerun_nothing_behind_them(project: Project) -> None:
    project.edit("conf/clock/wall.yaml", "name: wall", "name: wall  # changed")
    project.edit("src/bizmeme/core/markup.py", "import html", "import html  # changed")
    assert project.stages_run() == ["compose", "parse"]


def test_a_train_value_reruns_training_and_what_follows(project: Project) -> None:
    project.edit("conf/train/small.yaml", "learning_rate:", "learning_rate: 1.1e-3  #")
    assert project.stages_run() == ["compose", "train", "evaluate", "judge"]


def test_an_experiment_takes_a_value_and_a_group_and_is_recorded(project: Project) -> None:
    runs = recorded(project)
    project.dvc("exp", "run", "--name", "value", "-S", "train.learning_rate=1.3e-3")
    project.git("checkout", "--quiet", "--force", ".")
    project.dvc("exp", "run", "--name", "group", "-S", "train=tiny", "-S", "train.steps=4")
    shown = params(project)
    assert shown["value"]["train"]["learning_rate"] == 1.3e-3
    assert (shown["group"]["train"]["name"], shown["group"]["train"]["steps"]) == ("tiny", 4)
    assert recorded(project) == runs + 2


def test_a_queued_experiment_runs_the_code_and_the_values_it_was_queued_with(project: Project) -> None:
    project.edit("src/bizmeme/stages/prepare.py", '"dropped_as_near_copies"', '"queued"')
    project.dvc("exp", "run", "--queue", "--name", "queued", "-S", "labeller.openai.limits.concurrency=3")
    project.edit("src/bizmeme/stages/prepare.py", '"queued"', '"edited_later"')
    held = replies(project)
    forgotten = forget_one_reply(project)
    assert len(replies(project)) == len(held) - 1
    project.dvc("exp", "run", "--run-all", "--jobs", "1")
    figures = project.metrics(experiment_ref(project, "queued"), "prepare")
    assert "dropped_as_near_copies" not in figures
    assert "queued" in figures
    assert "edited_later" not in figures
    assert params(project)["queued"]["labeller"]["openai"]["limits"]["concurrency"] == 3
    # The worker shares the journal: it asked for the one reply that was missing there, and for no other.
    assert replies(project) == held
    assert forgotten in held


def test_workers_side_by_side_ask_for_no_reply_twice(project: Project) -> None:
    held = replies(project)
    with sqlite3.connect(journal(project)) as database:
        database.execute("DELETE FROM asks WHERE ask % 2")
    assert len(replies(project)) < len(held)
    project.dvc("exp", "run", "--queue", "-S", "labeller.openai.limits.concurrency=2,5")
    project.dvc("exp", "run", "--run-all", "--jobs", "2")
    assert replies(project) == held
    shown = params(project)
    made = {told["labeller"]["openai"]["limits"]["concurrency"]: name for name, told in shown.items()}
    project.dvc("exp", "apply", made[5])
    assert "concurrency: 5" in (project.folder / "params.yaml").read_text()
    assert project.stages_run() == []  # what was applied is up to date


def test_a_typo_in_conf_stops_before_anything_runs(project: Project) -> None:
    project.edit("conf/train/small.yaml", "learning_rate:", "learning_rat:")
    done = project.run("dvc", "repro", check=False)
    assert done.returncode != 0
    assert "train.learning_rat: there is no such key" in done.stderr
    assert "Running stage 'train'" not in done.stdout


def recorded(project: Project) -> int:
    """How many runs MLflow holds."""
    program = (
        "from pathlib import Path; from bizmeme.trackers import mlflow;"
        "client, experiment = mlflow.build(mlflow.Config(name='mlflow', experiment='bizmeme'),"
        " home=Path('.bizmeme').absolute())._open('training');"
        "print(len(client.search_runs([experiment])))"
    )
    return int(project.run("python", "-c", program).stdout.splitlines()[-1])


def replies(project: Project) -> set[str]:
    """The hashes of the requests that the journal holds a reply to; each was paid once."""
    with sqlite3.connect(journal(project)) as database:
        rows = [row[0] for row in database.execute("SELECT request_hash FROM asks")]
    assert len(rows) == len(set(rows))
    return set(rows)


def forget_one_reply(project: Project) -> str:
    """Delete one reply from the journal; the hash of its request."""
    with sqlite3.connect(journal(project)) as database:
        (chosen,) = database.execute("SELECT MIN(request_hash) FROM asks").fetchone()
        database.execute("DELETE FROM asks WHERE request_hash = ?", (chosen,))
    return str(chosen)


def journal(project: Project) -> Path:
    """The one journal that the project and its workers share."""
    (found,) = (project.folder / ".bizmeme" / "journals").glob("*.sqlite")
    return found


def params(project: Project) -> dict[str, Any]:
    """Each experiment's parameters, by its name."""
    shown = json.loads(project.dvc("exp", "show", "--json"))
    return {
        experiment["name"]: experiment["revs"][0]["data"]["params"]["params.yaml"]["data"]
        for baseline in shown
        for experiment in baseline.get("experiments") or ()
    }


def experiment_ref(project: Project, name: str) -> str:
    """The git revision of an experiment."""
    refs = project.git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    (found,) = [ref for ref in refs if ref.endswith(f"/{name}")]
    return found
