"""All modes over the real SDK against the sandbox."""

import asyncio
import json
from typing import Any

import pytest

from bizmeme.core.pictures import Fixed
from bizmeme.core.prices import Usage
from bizmeme.errors import ConfigError, MissingKeyError, QuotaError
from bizmeme.labellers.gemini import Config, build
from bizmeme.shell.builder import checked
from tests.labellers.gemini.desk import KEY, MODES, Desk, ask, jpeg, once, question, sent_picture

THIRD = "gemini-3.1-flash-lite"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [None, (112, 112), (900, 600)])
def test_an_answer_costs_no_more_than_its_worst(desk: Desk, mode: str, size: tuple[int, int] | None) -> None:
    labeller = desk.labeller(mode)
    asked = question(size=size)
    answer = labeller.read(ask(labeller, labeller.body(asked, None if size is None else jpeg(*size))))
    worst, in_a_batch = (labeller.worst(asked, batch=batch) for batch in (False, True))
    assert answer.label in desk.labels.names
    assert answer.reason is None
    assert answer.usage is not None
    assert 0 < labeller.cost_usd(answer.usage, batch=False) <= worst.usd
    if mode == "batch":
        assert labeller.cost_usd(answer.usage, batch=True) <= in_a_batch.usd == worst.usd / 2
    assert answer.usage.input_tokens + answer.usage.output_tokens <= worst.tokens


def test_a_chat_gives_a_rationale_and_no_confidence(desk: Desk) -> None:
    labeller = desk.labeller("live")
    answer = labeller.read(ask(labeller))
    assert answer.rationale
    assert (answer.confidence, answer.probabilities) == (None, None)


def test_a_decision_gives_the_odds_of_every_label_and_no_rationale(desk: Desk) -> None:
    labeller = desk.labeller("decisions")
    answer = labeller.read(ask(labeller))
    assert answer.probabilities is not None
    assert answer.label is not None
    assert set(answer.probabilities) == set(desk.labels.names)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert answer.confidence == answer.probabilities[answer.label] == max(answer.probabilities.values())
    assert answer.rationale is None


@pytest.mark.parametrize("mode", MODES)
def test_the_reply_is_the_body_as_it_came(desk: Desk, mode: str) -> None:
    labeller, again = desk.labeller(mode), desk.labeller(mode)
    reply = ask(labeller)
    assert reply == ask(again)
    assert reply.startswith('{"candidates":[{' if mode != "decisions" else '{"answers":{"label":{')  # compact


def test_live_and_batch_share_their_replies_and_decisions_do_not(desk: Desk) -> None:
    live, batch, decisions = (desk.labeller(mode).identity for mode in ("live", "batch", "decisions"))
    assert live == batch
    assert live != decisions


@pytest.mark.parametrize("mode", ["live", "decisions"])
def test_no_address_key_or_limit_names_a_reply(
    desk: Desk, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "AIza-another")
    limits = {**desk.section["limits"], "concurrency": 1}
    here = desk.labeller(mode)
    there = desk.labeller(
        mode, base_url="https://example.org", api_key_env="OTHER_KEY", limits=limits, timeout_s=11
    )
    assert here.identity == there.identity
    assert here.body(question(), None) == there.body(question(), None)
    assert "AIza" not in json.dumps([dict(there.identity), dict(there.body(question(), None))])


@pytest.mark.parametrize(
    "change", [{"image_px": 383}, {"image_detail": "high"}, {"max_output_tokens": 121}, {"model": THIRD}]
)
def test_what_shapes_an_answer_names_its_reply(desk: Desk, change: dict[str, Any]) -> None:
    assert desk.labeller().identity != desk.labeller(**change).identity


@pytest.mark.parametrize("mode", MODES)
def test_pictures_are_sent_no_larger_than_configured(desk: Desk, mode: str) -> None:
    labeller = desk.labeller(mode)
    assert sent_picture(labeller.body(question(size=(900, 600)), jpeg(900, 600))) == (384, 256)
    assert sent_picture(labeller.body(question(size=(112, 90)), jpeg(112, 90))) == (112, 90)


@pytest.mark.parametrize(("detail", "tokens"), [("low", 280), ("high", 1090), ("auto", 1090)])
def test_the_third_generation_looks_as_closely_as_configured(desk: Desk, detail: str, tokens: int) -> None:
    labeller = desk.labeller(model=THIRD, image_detail=detail)
    asked = question(size=(112, 112))
    shown = labeller.read(ask(labeller, labeller.body(asked, jpeg()))).usage
    bare = labeller.read(ask(desk.labeller(model=THIRD, image_detail=detail))).usage
    assert shown is not None
    assert bare is not None
    assert shown.input_tokens - bare.input_tokens == tokens
    assert isinstance(desk.prices.models[THIRD].picture, Fixed)


def test_the_second_generation_is_told_of_no_detail(desk: Desk) -> None:
    body: Any = desk.labeller(image_detail="low").body(question(), None)
    assert "mediaResolution" not in body["generationConfig"]


def test_a_batch_costs_half_and_a_decisions_answer_nothing(desk: Desk) -> None:
    usage = Usage(1_000_000, 1_000_000)
    live, decisions = desk.labeller("live"), desk.labeller("decisions")
    assert live.cost_usd(usage, batch=False) == pytest.approx(0.50)
    assert live.cost_usd(usage, batch=True) == pytest.approx(0.25)
    assert decisions.cost_usd(usage, batch=False) == pytest.approx(0.10)


def test_an_answer_that_is_cut_off_says_so(desk: Desk) -> None:
    labeller = desk.labeller(max_output_tokens=3)
    answer = labeller.read(ask(labeller))
    assert (answer.label, answer.reason) == (None, "the answer was cut off: MAX_TOKENS")
    assert answer.usage is not None
    assert answer.usage.output_tokens == 3


@pytest.mark.parametrize("mode", MODES)
def test_the_list_of_models_names_no_day_of_shutdown(desk: Desk, mode: str) -> None:
    labeller = desk.labeller(mode)
    assert once(labeller, labeller.card).shutdown is None


def test_a_model_that_the_vendor_does_not_have_stops(desk: Desk) -> None:
    lite = desk.prices.models["gemini-2.5-flash-lite"]
    prices = desk.prices.model_copy(update={"models": {**desk.prices.models, "gemini-9": lite}})
    labeller = build(desk.config(model="gemini-9"), labels=desk.labels, prices=prices)
    with pytest.raises(QuotaError, match=r"has no model gemini-9\. Check labeller\.gemini\.model"):
        once(labeller, labeller.card)


@pytest.mark.parametrize(
    ("mode", "model", "reason"),
    [
        ("live", "gemini-2.0-flash", "its price is unknown, so no cap would hold"),
        ("live", "gemini-decision-1", "gemini does not offer it for gemini-decision-1, which has decisions"),
        ("batch", "gemini-decision-1", "gemini does not offer it for gemini-decision-1"),
        ("decisions", "gemini-2.5-flash-lite", "Its models that have it: gemini-decision-1"),
        ("live", "gpt-6-luna", "it is openai's, and this section asks gemini"),
    ],
)
def test_what_the_vendor_does_not_offer_fails_before_anything_is_sent(
    desk: Desk, mode: str, model: str, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason) as refused:
        desk.labeller(mode, model=model)
    assert "labeller.gemini" in str(refused.value)


@pytest.mark.parametrize("value", [True, False])
def test_log_probabilities_are_no_key_and_the_message_says_why(desk: Desk, value: bool) -> None:
    with pytest.raises(
        ConfigError, match=r"labeller\.gemini\.logprobs: .*Logprobs is not enabled.*decisions"
    ):
        checked(Config, {**desk.section, "logprobs": value}, where="labeller.gemini")


def test_a_time_that_the_api_refuses_is_refused_here(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"labeller\.gemini\.timeout_s"):
        checked(Config, {**desk.section, "timeout_s": 9}, where="labeller.gemini")


def test_without_its_key_the_variable_and_the_way_out_are_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with pytest.raises(MissingKeyError, match=r"\$GEMINI_API_KEY is not set.*export GEMINI_API_KEY"):
        asyncio.run(desk.labeller(api_key_env="GEMINI_API_KEY").card())


def test_other_settings_of_the_environment_lead_nowhere_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-of-somebody-else")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    labeller = desk.labeller()
    assert labeller.read(ask(labeller)).label == "bullish"
    assert KEY not in repr(labeller)
