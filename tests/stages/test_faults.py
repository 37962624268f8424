"""What the outside world can do to a stage: one clear message, nothing lost, and the next run goes on."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bizmeme.sandbox.config_serving import Fault
from tests.stages.labelling import World, unpaid, world_of
from tests.stages.pipeline import Pipeline

pytestmark = pytest.mark.slow

IN_HASTE = {
    "scrape": ("collect.manners.timeout_s=0.3", "scrape.tries=2"),
    "export_labels": ("annotator.timeout_s=1",),
    "auto_label": ("labeller.openai.timeout_s=0.5", "auto_label.asking.tries=2"),
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
        ("openai", "silence", 6, "nothing came in 0.5 s"),
        ("openai", "error", 30, "refused with status 500"),
        ("openai", "garbage", 40, "a web page came instead of JSON"),
        ("openai", "quota", 50, "Add credit there; everything paid for is kept"),
        ("openai", "wrong_key", 0, "Check the key in $BIZMEME_SANDBOX_KEY"),
        ("gemini", "hang_up", 3, "Run the same command again later"),
        ("gemini", "busy_after", 20, "refused with status 429"),
        ("gemini", "day_quota", 30, "Wait for the next day"),
        ("gemini", "wrong_key", 0, "Check the key in $BIZMEME_SANDBOX_KEY"),
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
        fault = f"{{server: {server}, trouble: {trouble}, after: {after}, times: null, share: 1}}"
        whom = (f"auto_label.labellers=[{server}]",) if stage == "auto_label" else ()
        done = fork.run(stage, f"sandbox.serving.faults=[{fault}]", *IN_HASTE.get(stage, ()), *whom)
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


WAITED_OUT = ("hang_up", "busy", "busy_after", "busy_until", "unavailable", "error", "cut_off")
PAID_FOR_NOTHING = ("truncated", "wrong_schema", "off_vocabulary", "refusal", "filtered")


def stretches(server: str, troubles: Sequence[str], *, times: int) -> list[Fault]:
    """Each trouble so many times, beginning 40, 60, 80 … requests after the start."""
    return [
        Fault.model_validate(
            {"server": server, "trouble": trouble, "after": 40 + 20 * place, "times": times, "share": 1}
        )
        for place, trouble in enumerate(troubles)
    ]


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_no_reply_is_asked_for_twice_and_what_is_in_doubt_counts(
    small: Pipeline, small_config: Mapping[str, Any], tmp_path: Path, vendor: str
) -> None:
    fresh = unpaid(small, tmp_path / "fresh")
    with world_of(small_config, faults=stretches(vendor, WAITED_OUT, times=3)) as world:
        fresh.run(world, f"auto_label.labellers=[{vendor}]")  # a short fault is waited out
        paid = world.paid(vendor)
        asked = world.asked(vendor)
    assert fresh.labels["label"].is_not_null().all()
    twice = "SELECT request_hash FROM asks WHERE answered GROUP BY request_hash HAVING COUNT(*) > 1"
    assert execute(fresh.pipeline, twice) == []
    held = fresh.held[0]
    assert held == len(paid) == fresh.replies["request_hash"].n_unique()
    assert asked == held + 3 * len(WAITED_OUT)
    assert sum(paid.values()) == held + 3  # what was cut off on its way was paid for, and came to nobody
    ((in_doubt, reserved_usd),) = execute(
        fresh.pipeline, "SELECT COUNT(*), TOTAL(reserved_usd) FROM asks WHERE NOT answered"
    )
    assert in_doubt == 6  # nobody knows of what hung up, or was cut off; an error status charges nothing
    assert reserved_usd > 0
    assert fresh.figures["in_doubt"] == in_doubt
    assert fresh.replies.unique("request_hash")["in_doubt_usd"].sum() == pytest.approx(reserved_usd)


@pytest.mark.parametrize("vendor", ["openai", "gemini"])
def test_an_answer_that_is_none_is_paid_once_and_stays_a_row_with_its_reason(
    small: Pipeline, small_config: Mapping[str, Any], served: World, tmp_path: Path, vendor: str
) -> None:
    fresh = unpaid(small, tmp_path / "fresh")
    whom = f"auto_label.labellers=[{vendor}]"
    with world_of(small_config, faults=stretches(vendor, PAID_FOR_NOTHING, times=10)) as world:
        fresh.run(world, whom)
    spoilt = fresh.replies.unique("request_hash").filter(pl.col("label").is_null())
    assert len(spoilt) == 10 * len(PAID_FOR_NOTHING)
    assert spoilt["reply"].is_not_null().all()
    assert (spoilt["cost_usd"] > 0).all()
    assert spoilt["reason"].n_unique() >= len(PAID_FOR_NOTHING)
    unlabelled = fresh.labels.filter(pl.col("label").is_null())
    assert unlabelled.join(fresh.replies, on=["board", "no", "reason"]).height == len(unlabelled) >= 50
    assert fresh.figures["labelled"] == len(fresh.labels) - len(unlabelled)
    before, asked = fresh.bytes, served.asked(vendor)
    fresh.run(served, whom)  # where nothing goes wrong any more
    assert served.asked(vendor) == asked
    assert fresh.bytes == before


def execute(pipeline: Pipeline, statement: str) -> list[tuple[float, ...]]:
    """Run one SQL statement on the pipeline's journal."""
    (journal,) = (pipeline.home / "journals").glob("*.sqlite")
    with sqlite3.connect(journal) as database:
        return database.execute(statement).fetchall()
