"""The labeller over OpenAI's SDK against the sandbox, in each of its modes."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.core.prices import Usage
from bizmeme.errors import ConfigError, MissingKeyError, QuotaError, RefusedError
from bizmeme.labellers.openai import build
from bizmeme.ports.labellers import Answer, ModelCard
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.process import running
from tests.labellers.asking_openai import CONF, LABELS, PRICES, closing, config, jpeg, labeller, question, run

PATHS: list[dict[str, Any]] = [
    {"mode": "decisions", "model": "gpt-6-luna"},
    {"mode": "live", "model": "gpt-6-luna"},
    {"mode": "live", "model": "gpt-5.4-nano"},
    {"mode": "live", "model": "gpt-4.1-mini", "logprobs": True},
    {"mode": "live", "model": "gpt-4o-mini", "logprobs": True},
    {"mode": "live", "model": "gpt-4o-mini", "image_detail": "high"},
]
VENDOR = [name for name, model in PRICES.models.items() if model.vendor == "openai"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    """The base address of a small world's vision API."""
    small = SandboxConfig.model_validate(OmegaConf.to_container(OmegaConf.load(CONF / "sandbox/small.yaml")))
    with running(small) as addresses:
        yield addresses["openai"] + "/v1"


def answered(base_url: str, image: bytes | None, **changes: object) -> tuple[Answer, float, float]:
    """The answer to one question, what it cost, and the most that it could have cost."""

    async def ask() -> tuple[Answer, float, float]:
        async with closing(labeller(base_url, **changes)) as asked:
            answer = asked.read(await asked.ask(asked.body(question(image), image)))
            assert answer.usage
            worst = asked.worst(question(image), batch=False)
            assert answer.usage.input_tokens + answer.usage.output_tokens <= worst.tokens
            return answer, asked.cost_usd(answer.usage, batch=False), worst.usd

    return run(ask())


@pytest.mark.parametrize("changes", PATHS, ids=lambda changes: f"{changes['mode']}-{changes['model']}")
@pytest.mark.parametrize("image", [None, jpeg(), jpeg(1500, 900)], ids=["text", "small", "large"])
def test_an_answer_has_a_label_and_costs_no_more_than_the_worst(
    sandbox: str, image: bytes | None, changes: dict[str, Any]
) -> None:
    answer, paid_usd, worst_usd = answered(sandbox, image, **changes)
    assert (answer.label in LABELS.names, answer.reason) == (True, None)
    assert 0 < paid_usd <= worst_usd


@pytest.mark.parametrize("changes", [PATHS[0], PATHS[3]], ids=["decisions", "logprobs"])
def test_a_model_that_gives_odds_gives_them_of_every_label(sandbox: str, changes: dict[str, Any]) -> None:
    answer, _, _ = answered(sandbox, jpeg(), **changes)
    assert answer.probabilities
    assert set(answer.probabilities) == set(LABELS.names)
    assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert answer.label
    assert answer.confidence == answer.probabilities[answer.label] == max(answer.probabilities.values())


def test_without_odds_there_is_no_confidence_but_a_rationale(sandbox: str) -> None:
    answer, _, _ = answered(sandbox, None, mode="live")
    assert (answer.confidence, answer.probabilities) == (None, None)
    assert answer.rationale


def test_a_chat_that_is_cut_off_has_no_label_and_is_paid(sandbox: str) -> None:
    answer, paid_usd, _ = answered(sandbox, None, mode="live", max_output_tokens=3)
    assert (answer.label, answer.reason) == (None, "the answer was cut off at its length limit")
    assert paid_usd > 0


@pytest.mark.parametrize("model", VENDOR)
def test_the_card_says_when_a_model_is_shut_down(sandbox: str, model: str) -> None:
    async def card() -> ModelCard:
        async with closing(labeller(sandbox, model=model, mode="live")) as asked:
            return await asked.card()

    assert run(card()).shutdown == PRICES.models[model].shutdown


def test_a_model_that_the_vendor_does_not_have_stops_before_anything_is_asked(sandbox: str) -> None:
    gone = PRICES.model_copy(update={"models": {"gpt-3": PRICES.models["gpt-4o-mini"]}})

    async def card() -> None:
        async with closing(
            build(config(sandbox, model="gpt-3", mode="live"), labels=LABELS, prices=gone)
        ) as asked:
            await asked.card()

    with pytest.raises(QuotaError, match=r"refused with status 404.*gpt-3.*labeller\.openai\.model"):
        run(card())


def test_logprobs_of_a_model_that_gives_none_stop_the_run_and_name_the_setting(sandbox: str) -> None:
    """The dated table may be wrong: then the first refusal ends it."""
    luna = PRICES.models["gpt-6-luna"].model_copy(update={"logprobs": True})
    wrong = PRICES.model_copy(update={"models": {"gpt-6-luna": luna}})

    async def ask() -> None:
        changed = config(sandbox, mode="live", logprobs=True)
        async with closing(build(changed, labels=LABELS, prices=wrong)) as asked:
            await asked.ask(asked.body(question(), None))

    with pytest.raises(QuotaError, match=r"Unsupported parameter.*change labeller\.openai\.logprobs"):
        run(ask())


def test_a_picture_that_the_model_cannot_read_gives_up_its_post_alone(sandbox: str) -> None:
    async def ask() -> None:
        async with closing(labeller(sandbox)) as asked:
            body: Any = asked.body(question(), None)
            shown = {"type": "input_image", "image_url": "data:image/jpeg;base64,aGVsbG8="}
            body["input"][0]["content"].append(shown)
            await asked.ask(body)

    with pytest.raises(RefusedError) as refused:
        run(ask())
    assert type(refused.value) is RefusedError
    assert not refused.value.again
    assert refused.value.reason == "refused with status 400: You uploaded an unsupported image."


# --- what is asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["live", "decisions"])
def test_what_all_requests_share_comes_first_and_the_picture_last(mode: str) -> None:
    sent = json.dumps(labeller(mode=mode).body(question(jpeg()), jpeg()))
    places = [sent.index(part) for part in ("Label it.", "to the moon", "data:image/jpeg;base64,")]
    assert places == sorted(places)


@pytest.mark.parametrize("mode", ["live", "decisions"])
def test_a_picture_is_sent_no_larger_than_asked(mode: str) -> None:
    large, small = labeller(mode=mode, image_px=512), labeller(mode=mode, image_px=64)
    image = jpeg(2000, 2000)
    assert len(json.dumps(large.body(question(image), image))) > len(
        json.dumps(small.body(question(image), image))
    )
    assert (
        large.worst(question(image), batch=False).tokens - large.worst(question(), batch=False).tokens == 308
    )
    assert small.worst(question(image), batch=False).tokens - small.worst(question(), batch=False).tokens == 5


def test_identity_and_body_hang_on_no_address_key_limit_or_way_of_payment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-planted")
    one = labeller(mode="live")
    limits = one.limits.model_copy(update={"concurrency": 3})
    other = labeller(
        "https://example.org/v1", mode="batch", api_key_env="OTHER_KEY", limits=limits, timeout_s=1
    )
    assert one.identity == other.identity
    assert one.body(question(jpeg()), jpeg()) == other.body(question(jpeg()), jpeg())
    assert "sk-planted" not in json.dumps([other.identity, other.body(question(), None)])


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-4.1-mini"},
        {"mode": "decisions"},
        {"image_px": 256},
        {"image_detail": "high"},
        {"max_output_tokens": 50},
        {"model": "gpt-4o-mini", "logprobs": True},
    ],
    ids=str,
)
def test_identity_hangs_on_all_that_shapes_an_answer(changes: dict[str, Any]) -> None:
    assert labeller(**({"mode": "live"} | changes)).identity != labeller(mode="live").identity
    json.dumps(labeller(**({"mode": "live"} | changes)).identity)  # it goes into a hash


# --- what cannot be asked -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": "gpt-6-lunar"}, r"openai\.model = 'gpt-6-lunar'.*price is unknown.*'gpt-6-luna'"),
        ({"model": "gpt-4o-mini"}, r"labeller\.openai\.mode = 'decisions'.*does not offer it.*gpt-6-luna"),
        ({"model": "gemini-2.5-flash-lite", "mode": "live"}, r"is gemini's, .*Choose one of gpt"),
        ({"mode": "live", "logprobs": True}, r"logprobs = true: gpt-6-luna gives no .*gpt-4\.1-mini"),
    ],
)  # fmt: skip
def test_what_the_vendor_does_not_offer_fails_before_anything_is_asked(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        labeller(**changes)


def test_without_its_key_the_variable_and_the_way_out_are_named() -> None:
    with pytest.raises(MissingKeyError, match=r"\$OPENAI_API_KEY is not set.*labeller\.openai\.api_key_env"):
        asyncio.run(labeller(api_key_env="OPENAI_API_KEY").card())


# --- what it costs ------------------------------------------------------------------------------------


def test_a_batch_costs_half_of_what_the_same_chat_costs() -> None:
    batch = labeller(mode="batch")
    usage = Usage(600, 30)
    assert batch.cost_usd(usage, batch=False) == pytest.approx(600 * 0.10e-6 + 30 * 0.50e-6)
    assert batch.cost_usd(usage, batch=True) == pytest.approx(batch.cost_usd(usage, batch=False) / 2)


def test_the_worst_holds_for_a_post_of_which_every_byte_is_a_token() -> None:
    text = "🚀" * 100
    short, long = (
        labeller().worst(asked, batch=False) for asked in (question(), question(text="to the moon" + text))
    )
    assert long.tokens - short.tokens == 400
    assert long.usd - short.usd == pytest.approx(400 * 0.10e-6)
