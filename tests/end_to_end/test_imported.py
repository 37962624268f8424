"""From what somebody has, a SQLite file with labels and a folder of pictures, to an adapter and its score."""

import json
import random
import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from bizmeme.sandbox.words.markup import comment
from bizmeme.sandbox.world import Post
from tests.dumps.dumping import RATINGS, gallery, world
from tests.end_to_end.project import Project

pytestmark = pytest.mark.slow

LABELLED = 0.7  # of the posts with a picture


def posts() -> list[Post]:
    """Every post of the small world; to the old scripts each opens a thread of its own."""
    return [post for thread in world().threads.values() for post in thread.posts]


def database(path: Path) -> None:
    """posts.db as the old scripts kept it, labelled by one person, who skips some."""
    chance = random.Random(5)
    ops = [
        (post.no, post.subject, comment(post.text, (), thread_no=post.no), f"{post.tim}", post.posted_at)
        for post in posts()
    ]
    labels = [
        (post.no, RATINGS[post.mood], chance.random() < 0.03, "ann")
        for post in posts()
        if post.picture and post.mood and chance.random() < LABELLED
    ]
    with sqlite3.connect(path) as file:
        file.execute(
            "CREATE TABLE thread_ops "
            "(thread_id INTEGER, subject TEXT, op_text TEXT, image_url TEXT, time INTEGER)"
        )
        file.execute(
            "CREATE TABLE training_labels "
            "(thread_id INTEGER, sentiment_rating INTEGER, skipped INTEGER, labeler_id TEXT)"
        )
        file.executemany("INSERT INTO thread_ops VALUES (?, ?, ?, ?, ?)", ops)
        file.executemany("INSERT INTO training_labels VALUES (?, ?, ?, ?)", labels)
    file.close()


def pictures(folder: Path) -> None:
    """Their files, by the board's own names."""
    folder.mkdir()
    for post in posts():
        if post.picture and post.picture.ext in (".jpg", ".png", ".gif"):
            (folder / f"{post.tim}{post.picture.ext}").write_bytes(gallery().file(post.picture).data)


def test_an_imported_database_becomes_an_adapter_with_a_score(finished: Project, tmp_path: Path) -> None:
    project = Project(tmp_path / "imported", experiment="[small,imported]")
    # The base is the same: what is built once is taken from the cache.
    shutil.copytree(finished.folder / ".dvc" / "cache", project.folder / ".dvc" / "cache")
    database(tmp_path / "posts.db")
    pictures(tmp_path / "images")
    said = project.run(
        "bizmeme", "import", str(tmp_path / "posts.db"), "--pictures", str(tmp_path / "images")
    )
    assert "Kept in the journal" in said.stdout
    assert project.stages_run()[-1] == "judge"

    read = pl.read_parquet(project.folder / "data/posts.parquet")
    assert set(read["source"]) == {"imported"}
    assert len(read) == len(posts())
    people = pl.read_parquet(project.folder / "data/human_labels.parquet")
    assert set(people["role"]) == {"dev", "test", "train"}
    assert set(people["annotator"]) == {"ann"}
    examples = pl.read_parquet(project.folder / "data/examples.parquet")
    by = {(part, by): n for part, by, n in examples.group_by("split", "labelled_by").len().iter_rows()}
    assert by["train", "human"] > by["train", "auto"] > 0
    assert ("test", "auto") not in by
    asked = pl.read_parquet(project.folder / "data/auto_labels.parquet")
    labelled = people.filter(pl.col("role") == "train", pl.col("gold").is_not_null())
    assert asked.join(labelled, on=["board", "no"], how="semi").is_empty()  # nobody pays for those
    assert json.loads((project.folder / "metrics/scrape.json").read_text()) == {}
    score = json.loads((project.folder / "metrics/evaluate.json").read_text())["student"]
    assert score["n"] == by["test", "human"] > 30
    assert (project.folder / "models/adapter/adapter_model.safetensors").exists()
    assert project.stages_run() == []
