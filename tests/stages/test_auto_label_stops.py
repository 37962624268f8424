"""auto_label stops before anything is paid where it cannot be done: one message that says what to do."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.errors import ConfigError, MissingKeyError, QuotaError
from tests.stages.labelling import OUTPUTS, Labelling, World, unpaid, world_of
from tests.stages.pipeline import Pipeline

BOTH = "auto_label.labellers=[openai, gemini]"
NOBODY = "http://127.0.0.1:1"
UNKNOWN = {"openai": "gpt-6-lunar", "gemini": "gemini-9-flash"}


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline before anything was paid."""
    return unpaid(small, tmp_path / "fresh")


@pytest.fixture
def held(small: Pipeline, tmp_path: Path) -> Labelling:
    """The small pipeline with every answer held."""
    return Labelling(small.upto("auto_label").fork(tmp_path / "held"))


def asked(world: World) -> tuple[int, int]:
    return world.asked("openai"), world.asked("gemini")


# What is configured, and what is said about it.
CANNOT: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown labeller": (
        ("auto_label.labellers=[openai, anthropic]",),
        r"auto_label.labellers names 'anthropic'; labeller has gemini, openai",
    ),
    "no cap": (("auto_label.budget_usd=.inf",), r"auto_label.budget_usd = inf: .*finite number"),
    "nobody": (("auto_label.labellers=[]",), r"auto_label.labellers.*at least 1 item"),
    "a model without a price": (
        ("labeller.openai.model=gpt-6-lunar",),
        r"labeller.openai.model = 'gpt-6-lunar': its price is unknown.*Did you mean 'gpt-6-luna'\? Add it",
    ),
    "decisions of a model that has none": (
        ("labeller.openai.model=gpt-4.1-mini",),
        r"labeller.openai.mode = 'decisions': openai does not offer it for gpt-4.1-mini",
    ),
    "a batch of decisions": (
        (BOTH, "labeller.gemini.model=gemini-decision-1", "labeller.gemini.mode=batch"),
        r"labeller.gemini.mode = 'batch': gemini does not offer it for gemini-decision-1",
    ),
    "chat of a model that only decides": (
        (BOTH, "labeller.gemini.model=gemini-decision-1"),
        r"labeller.gemini.mode = 'live': gemini does not offer it",
    ),
    "token probabilities of a decision": (
        ("labeller.openai.logprobs=true",),
        r"labeller.openai.logprobs = true: gpt-6-luna gives no token probabilities in mode decisions",
    ),
    "token probabilities of a model that gives none": (
        ("labeller.openai.logprobs=true", "labeller.openai.mode=live"),
        r"gives no token probabilities in mode live.*choose mode live or batch and one of gpt-4.1-mini",
    ),
    "token probabilities of Gemini": (
        (BOTH, "labeller.gemini.logprobs=true"),
        r"labeller.gemini.logprobs: there is no such key.*set mode: decisions",
    ),
    "another vendor's model": (
        ("labeller.openai.model=gemini-2.5-flash-lite", "labeller.openai.mode=live"),
        r"labeller.openai.model = 'gemini-2.5-flash-lite': it is gemini's",
    ),
    "a model that was shut down, by the price table": (
        ("prices.models.gpt-6-luna.shutdown='2025-10-31'",),
        r"gpt-6-luna was shut down on 2025-10-31 \(conf/prices/.*Nothing was asked",
    ),
    "a second labeller that was shut down": (
        (BOTH, "labeller.gemini.model=gemini-3.1-flash-lite",
         "prices.models[gemini-3.1-flash-lite].shutdown='2025-10-31'"),
        r"gemini-3.1-flash-lite was shut down on 2025-10-31",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CANNOT)
def test_what_cannot_be_asked_stops_before_anything_is_paid(
    fresh: Labelling, served: World, what: str
) -> None:
    overrides, said = CANNOT[what]
    before = asked(served)
    with pytest.raises(ConfigError, match=said):
        fresh.run(served, *overrides)
    assert asked(served) == before
    assert fresh.held[0] == 0
    assert not (fresh.folder / "data/auto_labels.parquet").exists()


@pytest.mark.parametrize("vendor", UNKNOWN)
def test_a_model_that_its_vendor_does_not_have_stops_before_anything_is_paid(
    fresh: Labelling, served: World, vendor: str
) -> None:
    sections = fresh.params["prices"]["models"]
    alike = sections["gpt-4.1-mini" if vendor == "openai" else "gemini-2.5-flash-lite"]
    before = asked(served)
    with pytest.raises(QuotaError, match=rf"Check labeller\.{vendor}\.model"):
        fresh.run(
            served,
            f"auto_label.labellers=[{vendor}]",
            f"labeller.{vendor}.model={UNKNOWN[vendor]}",
            f"labeller.{vendor}.mode=live",
            **{UNKNOWN[vendor]: alike},
        )
    assert asked(served) == before


@pytest.fixture
def late(small_config: Mapping[str, Any]) -> Iterator[World]:
    """A world a year after its last post."""
    with world_of(small_config) as world:

        async def wait() -> None:
            async with SimulatedClock(world.addresses["clock"]).session() as timer:
                await timer.sleep(365 * 86_400)

        asyncio.run(wait())
        yield world


def test_a_model_that_its_vendor_has_shut_down_stops_before_anything_is_paid(
    fresh: Labelling, late: World
) -> None:
    unaware = fresh.params["prices"]["models"]["gpt-4.1-mini"] | {"shutdown": None}
    with pytest.raises(
        ConfigError, match=r"gpt-4.1-nano was shut down on 2026-10-23, its vendor says.*openai"
    ):
        fresh.run(
            late,
            "labeller.openai.model=gpt-4.1-nano",
            "labeller.openai.mode=live",
            **{"gpt-4.1-nano": unaware},
        )
    assert asked(late) == (0, 0)


def test_it_is_said_in_one_line_without_a_traceback(fresh: Labelling) -> None:
    done = fresh.pipeline.run("auto_label", "labeller.openai.model=gpt-6-lunar")
    assert done.returncode == 1
    assert done.stderr.startswith("ConfigError: labeller.openai.model = 'gpt-6-lunar'")
    assert len(done.stderr.splitlines()) == 1


# --- keys


def test_a_missing_key_for_a_real_host_is_one_clear_message(fresh: Labelling) -> None:
    done = fresh.pipeline.run(
        "auto_label",
        f"labeller.openai.base_url={NOBODY}/v1",
        "labeller.openai.api_key_env=OPENAI_API_KEY",
    )
    assert done.returncode == 1
    assert "MissingKeyError: $OPENAI_API_KEY is not set" in done.stderr
    assert "labeller.openai.api_key_env" in done.stderr
    assert "export OPENAI_API_KEY=" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_labellers_missing_key_stops_before_the_first_is_paid(
    fresh: Labelling, served: World
) -> None:
    before = asked(served)
    with pytest.raises(MissingKeyError, match=r"\$GEMINI_API_KEY is not set"):
        fresh.run(served, BOTH, "labeller.gemini.api_key_env=GEMINI_API_KEY")
    assert asked(served) == before


def test_where_every_answer_is_held_neither_a_key_nor_a_service_is_needed(
    held: Labelling, small: Pipeline
) -> None:
    for name in OUTPUTS:
        (held.folder / name).unlink()
    done = held.pipeline.run(
        "auto_label",
        f"labeller.openai.base_url={NOBODY}/v1",
        "labeller.openai.api_key_env=OPENAI_API_KEY",
        "prices.models.gpt-6-luna.shutdown='2025-10-31'",
    )
    assert done.returncode == 0, done.stderr
    assert held.bytes == Labelling(small).bytes
