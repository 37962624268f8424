"""`bizmeme plan` as its user meets it: what it says, whom it asks, and whether it comes true."""

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bizmeme.apps.plan import main
from bizmeme.core.estimates import Estimate
from bizmeme.errors import ConfigError, DataError
from bizmeme.shell.auto_label.labelling import dollars
from tests.stages.labelling import Labelling, World, unpaid
from tests.stages.pipeline import Pipeline, bizmeme

Table = dict[str, str]
Say = Callable[..., dict[str, Table]]
BOTH = "auto_label.labellers=[openai,gemini]"


@pytest.fixture
def fresh(small: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Labelling:
    """The small pipeline before anything was paid, as the current folder."""
    labelling = unpaid(small, tmp_path / "fresh")
    monkeypatch.chdir(labelling.folder)
    return labelling


@pytest.fixture
def plan(fresh: Labelling, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command; its tables by the labeller's name, the last line as `money`."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> dict[str, Table]:
        main([*arguments, "experiment=small"])
        found: dict[str, Table] = {"money": {}}
        table = found["money"]
        for line in capsys.readouterr().out.splitlines():
            if title := re.match(r"(\w+): ([\w.-]+), (\w+)$", line.strip()):
                table = found[title[1]] = {"model": title[2], "mode": title[3]}
            elif row := re.match(r"│ ([\w ]+?) +│ (.*?) +│$", line):
                table[row[1]] = row[2]
            elif line.startswith("Spent"):
                found["money"]["all"] = line
        return found

    return run


def usd(row: str) -> float:
    """The dollars that a row begins with."""
    return float(re.match(r"\$([\d.]+)", row)[1])  # type: ignore[index]


def test_before_a_pilot_it_is_a_formula_and_nobody_is_reached(
    plan: Say, fresh: Labelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a plan reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("BIZMEME_SANDBOX_KEY", raising=False)
    said = plan()
    openai = said["openai"]
    assert (openai["model"], openai["mode"]) == ("gpt-6-luna", "decisions")
    assert openai["prices"] == f"as of {fresh.params['prices']['as_of']} (conf/prices/)"
    assert openai["shut down"] == "not announced"
    assert openai["answered already"] == "0"
    assert openai["requests"].startswith(openai["to ask"])
    assert "by formula alone: `bizmeme plan --pilot` makes it a measurement" in openai["forecast"]
    assert "(" not in openai["forecast"].partition(",")[0]  # no interval without a measurement
    assert re.fullmatch(r"\d+ minutes?, held by limits\.\w+ \(an answer taken to need 2 s\)", openai["time"])
    assert re.match(r"0 of 2\d posts answered", openai["pilot"])
    assert said["money"]["all"].startswith("Spent so far $0.0000, in doubt $0.0000 (0 sends);")
    assert fresh.held == (0, 0)


def test_with_a_pilot_it_asks_that_alone_and_what_it_says_comes_true(
    plan: Say, fresh: Labelling, served: World
) -> None:
    before = served.asked("openai")
    with fresh.found(served):
        planned = plan("--pilot")["openai"]
    pilot = served.asked("openai") - before
    assert 20 <= pilot == fresh.held[0] == int(planned["answered already"]) < 40
    assert not (fresh.folder / "data/auto_labels.parquet").exists()
    assert f"95 % interval, by {pilot} pilot answers" in planned["forecast"]
    assert planned["pilot"].startswith("openai passed the gate: macro-F1 0.")

    fresh.run(served)
    assert served.asked("openai") - before == fresh.held[0]  # the pilot was not asked again
    figures = fresh.figures["labellers"]["openai"]
    forecast = figures["forecast"]
    assert planned["to ask"] == str(forecast["requests"]) == str(fresh.held[0] - pilot)
    assert planned["forecast"].startswith(dollars(Estimate(**forecast["usd"]), digits=4))
    assert forecast["usd"]["low"] <= forecast["paid_usd"] <= forecast["usd"]["high"]
    tokens = [f"{forecast[name]['value']:,.0f}" for name in ("input_tokens", "output_tokens")]
    assert planned["tokens"] == f"{tokens[0]} in, {tokens[1]} out"
    scored = figures["gate"]["macro_f1"]["value"]
    assert f"macro-F1 {scored:.3f}" in planned["pilot"]

    done = plan()
    assert done["openai"]["to ask"] == "0"
    assert usd(done["openai"]["forecast"]) == 0
    assert done["openai"]["answered already"] == str(fresh.held[0])
    assert f"Spent so far ${fresh.figures['cost_usd']:.4f}" in done["money"]["all"]


def test_what_the_cap_would_stop_is_said_before(plan: Say) -> None:
    assert "the cap would stop it" not in plan()["money"]["all"]
    (forecast,) = (usd(plan()["openai"]["forecast"]),)
    told = plan(f"auto_label.budget_usd={forecast / 2}")["money"]["all"]
    assert f"With the forecast that is ${forecast:.4f}: the cap would stop it on the way." in told


def test_what_must_be_free_is_the_worst_price_of_all_that_flies_at_once(plan: Say) -> None:
    few, many = (plan(f"labeller.openai.limits.concurrency={n}")["openai"] for n in (2, 8))
    batch = plan("labeller.openai.mode=batch")["openai"]
    assert few["reserved at once"].endswith("the worst price of 2 in flight")
    assert (
        2 * usd(few["reserved at once"]) < usd(many["reserved at once"]) <= 4 * usd(few["reserved at once"])
    )
    assert usd(batch["reserved at once"]) > usd(batch["forecast"])


def test_posts_of_one_board_are_not_paid_for_at_another(
    plan: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        DataError, match=r"are of sandbox-\w+, the configuration is of sandbox-\w+: nothing was"
    ):
        main(["--pilot", "experiment=small", "sandbox.seed=8"])
    main(["experiment=small", "sandbox.seed=8"])
    assert "this is what these posts would cost there" in capsys.readouterr().out
    main(["experiment=small"])
    assert "would cost there" not in capsys.readouterr().out


def test_a_batch_is_planned_at_half_the_price_and_the_vendors_hours(
    plan: Say, fresh: Labelling, served: World
) -> None:
    with fresh.found(served):
        plan("--pilot", "labeller.openai.mode=live")  # which is asked live in both modes
    live = plan("labeller.openai.mode=live")["openai"]
    batch = plan("labeller.openai.mode=batch")["openai"]
    assert live["to ask"] == batch["to ask"]
    assert usd(batch["forecast"]) == pytest.approx(usd(live["forecast"]) / 2, abs=1e-4)
    assert batch["time"] == "up to 24 hours: the vendors' promise for a batch"
    assert "minute" in live["time"]


def test_an_open_pilot_is_planned_at_the_live_price_in_mode_batch_too(plan: Say) -> None:
    live = plan("labeller.openai.mode=live")["openai"]
    batch = plan("labeller.openai.mode=batch")["openai"]
    pilot = int(re.findall(r"of (\d+) posts answered", batch["pilot"])[0])
    share = pilot / int(live["to ask"])
    assert usd(batch["forecast"]) == pytest.approx(usd(live["forecast"]) * (0.5 + share / 2), rel=0.01)


def test_posts_in_batches_under_way_are_not_to_ask(plan: Say, fresh: Labelling, served: World) -> None:
    batch = ("labeller.openai.mode=batch", "auto_label.limit=150")
    fresh.ordered(served, *batch)
    said = plan(*batch)["openai"]
    counts = [int(said[row]) for row in ("answered already", "in batches under way", "to ask")]
    assert counts[0] == fresh.held[0]
    assert counts[1] > 100
    assert counts[2] == usd(said["forecast"]) == 0
    assert said["requests"].partition(":")[0] == str(sum(counts))
    live = plan("labeller.openai.mode=live", "auto_label.limit=150")["openai"]
    assert live["in batches under way"].startswith(
        f"{counts[1]}: nothing is asked until a run of labeller.openai in"
    )
    more = plan("labeller.openai.mode=batch", "auto_label.limit=200")["openai"]
    assert int(more["in batches under way"]) == counts[1]
    assert int(more["to ask"]) == pytest.approx(50, abs=5)
    with fresh.found(served):
        fetched = plan("--pilot", *batch)["openai"]
    assert (fetched["in batches under way"], fetched["to ask"]) == ("0", "0")
    assert int(fetched["answered already"]) == sum(counts)


def test_two_labellers_are_planned_each_for_itself(plan: Say, fresh: Labelling, served: World) -> None:
    before = served.asked("openai"), served.asked("gemini")
    with fresh.found(served):
        said = plan("--pilot", BOTH)
    pilots = served.asked("openai") - before[0], served.asked("gemini") - before[1]
    assert pilots[0] == pilots[1] > 20
    assert (said["openai"]["model"], said["gemini"]["model"]) == ("gpt-6-luna", "gemini-2.5-flash-lite")
    for name in ("openai", "gemini"):
        assert said[name]["pilot"].startswith(f"{name} passed the gate")
        assert "95 % interval" in said[name]["forecast"]
    assert usd(said["gemini"]["forecast"]) > usd(said["openai"]["forecast"])


def test_a_model_without_a_price_is_one_message(fresh: Labelling) -> None:
    done = bizmeme("plan", "experiment=small", "labeller.openai.model=gpt-6-lunar", cwd=fresh.folder)
    assert done.returncode == 1
    assert done.stderr.startswith("ConfigError: labeller.openai.model = 'gpt-6-lunar': its price is unknown")
    assert len(done.stderr.splitlines()) == 1


def test_a_shut_down_model_shows_its_day_and_is_asked_nothing(
    plan: Say, fresh: Labelling, served: World
) -> None:
    dead = ("auto_label.labellers=[gemini,openai]", "prices.models.gpt-6-luna.shutdown='2025-10-31'")
    before = served.asked("openai"), served.asked("gemini")
    assert plan(*dead)["openai"]["shut down"] == "on 2025-10-31"
    with fresh.found(served), pytest.raises(ConfigError, match=r"shut down on 2025-10-31.*Nothing was"):
        plan("--pilot", *dead)
    assert (served.asked("openai"), served.asked("gemini")) == before
