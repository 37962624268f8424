"""What the outside world can do to a stage: one clear message, nothing lost, and the next run goes on."""

import sqlite3
from pathlib import Path

import pytest

from tests.stages.pipeline import Pipeline

pytestmark = pytest.mark.slow

IN_HASTE = {
    "scrape": ("collect.manners.timeout_s=0.3", "scrape.tries=2"),
    "export_labels": ("annotator.timeout_s=1",),
    "auto_label": ("labeller.timeout_s=0.5", "auto_label.asking.tries=2"),
}
# Stage → what goes wrong (server, trouble, requests that go well before) and what is said about it.
FAULTS: dict[str, list[tuple[str, str, int, str]]] = {
    "scrape": [
        ("board", "hang_up", 0, "did not answer"),
        ("board", "garbage", 0, "a challenge or a maintenance page"),
        ("media", "silence", 5, "did not answer"),
        ("media", "error", 20, "status 500"),
        ("warosu", "cut_off", 10, "did not answer"),
        ("warosu", "error", 20, "status 500"),
    ],
    "export_labels": [
        ("label_studio", "hang_up", 0, "Check that it runs"),
        ("label_studio", "silence", 1, "timed out"),
        ("label_studio", "error", 2, "failed: 500 a web page"),
        ("label_studio", "garbage", 3, "failed: 200 a web page"),
        ("label_studio", "wrong_key", 0, "is right"),
    ],
    "auto_label": [
        ("openai", "hang_up", 3, "Run the same command again later"),
        ("openai", "silence", 6, "timed out"),
        ("openai", "error", 30, "refused with status 500"),
        ("openai", "garbage", 40, "a web page came instead of JSON"),
        ("openai", "quota", 50, "Add credit there; everything paid for is kept"),
        ("openai", "wrong_key", 0, "Check the key in $BIZMEME_SANDBOX_KEY"),
    ],
    "base": [("captions", "hang_up", 0, "did not answer"), ("captions", "cut_off", 1, "did not answer")],
    "judge": [("truth", "error", 0, "500"), ("truth", "garbage", 0, "did not answer")],
}
OUTPUTS = {
    "scrape": ("data/posts.parquet", "data/images.parquet"),  # read again, since data/raw tells the time
    "export_labels": ("data/human_labels.parquet", "metrics/agreement.json"),
    "auto_label": (),  # what was in doubt stands there: looked at below
    "base": ("models/base/model.safetensors",),
    "judge": ("metrics/sandbox.json",),
}
TABLES = {
    "scrape": ("posts", "pages", "media", "threads", "validators", "walks"),
    "auto_label": ("asks",),
}


@pytest.mark.parametrize("stage", FAULTS)
def test_each_fault_is_one_message_and_the_next_run_goes_on(
    small: Pipeline, tmp_path: Path, stage: str
) -> None:
    fork = small.upto("judge").fork(tmp_path / "fork")
    for table in TABLES.get(stage, ()):
        execute(fork, f"DELETE FROM {table}")
    held = [0] * len(TABLES.get(stage, ()))
    for server, trouble, after, message in FAULTS[stage]:
        fault = f"{{server: {server}, trouble: {trouble}, after: {after}, times: null}}"
        done = fork.run(stage, f"sandbox.serving.faults=[{fault}]", *IN_HASTE.get(stage, ()))
        assert done.returncode == 1, (trouble, done.stderr)
        assert message in done.stderr, (trouble, done.stderr)
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        now = [int(execute(fork, f"SELECT COUNT(*) FROM {each}")[0][0]) for each in TABLES.get(stage, ())]
        assert all(each >= before for each, before in zip(now, held, strict=True))  # nothing held is lost
        held = now
    for again in (stage, "parse") if stage == "scrape" else (stage,):
        done = fork.run(again)
        assert done.returncode == 0, done.stderr
    for name in OUTPUTS[stage]:
        assert fork.path(name).read_bytes() == small.path(name).read_bytes()


def test_no_reply_is_asked_for_twice_and_what_is_in_doubt_counts(small: Pipeline, tmp_path: Path) -> None:
    fork = small.upto("auto_label").fork(tmp_path / "fork")
    execute(fork, "DELETE FROM asks")
    faults = (
        "{server: openai, trouble: hang_up, after: 20, times: 2}",
        "{server: openai, trouble: error, after: 40, times: 3}",
    )
    done = fork.run("auto_label", f"sandbox.serving.faults=[{','.join(faults)}]")
    assert done.returncode == 0, done.stderr  # a short fault is waited out
    twice = "SELECT request_hash FROM asks WHERE answered GROUP BY request_hash HAVING COUNT(*) > 1"
    assert execute(fork, twice) == []
    ((in_doubt, reserved_usd),) = execute(
        fork, "SELECT COUNT(*), TOTAL(reserved_usd) FROM asks WHERE NOT answered"
    )
    assert in_doubt == 2  # of the two that hung up nobody knows; an error status charges nothing
    assert reserved_usd > 0


def execute(pipeline: Pipeline, statement: str) -> list[tuple[float, ...]]:
    """Run one SQL statement on the pipeline's journal."""
    (journal,) = (pipeline.home / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        return database.execute(statement).fetchall()
