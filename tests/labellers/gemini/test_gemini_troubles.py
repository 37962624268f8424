"""The sandbox's troubles, one request each: what the adapter makes of them, asked at both endpoints."""

import asyncio

import pytest

from bizmeme.core.prices import Usage
from bizmeme.errors import QuotaError, RefusedError, ServiceError
from bizmeme.ports.labellers import Answer
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.config_serving import Fault
from bizmeme.sandbox.process import running
from tests.labellers.gemini.desk import KEY, Desk, question

TROUBLES = (
    "hang_up", "silence", "error", "garbage", "cut_off", "quota", "wrong_key",
    "busy", "busy_after", "busy_until", "unavailable", "day_quota",
    "truncated", "wrong_schema", "off_vocabulary", "refusal", "filtered",
)  # fmt: skip
IN_DOUBT = {"hang_up", "silence", "garbage", "cut_off"}
STOPPING = {"quota", "wrong_key", "day_quota"}
BUSY = {"error": None, "busy": None, "busy_after": 2.0, "busy_until": 2.0, "unavailable": None}
UNUSABLE = {"wrong_schema", "off_vocabulary", "refusal", "filtered"}


def troubled(small: SandboxConfig) -> SandboxConfig:
    """The small world in which each request has the next trouble."""
    faults = tuple(
        Fault.model_validate({"server": "gemini", "trouble": word, "after": number, "times": 1, "share": 1.0})
        for number, word in enumerate(TROUBLES)
    )
    return small.model_copy(update={"serving": small.serving.model_copy(update={"faults": faults})})


@pytest.mark.parametrize("mode", ["live", "decisions"])
def test_each_trouble_is_asked_again_or_given_up_or_stops(
    desk: Desk, small: SandboxConfig, mode: str
) -> None:
    async def run(address: str) -> dict[str, ServiceError | Answer]:
        patient, hasty = desk.labeller(mode, base_url=address), desk.hasty(mode, address)
        seen = dict[str, ServiceError | Answer]()
        for word in TROUBLES:
            labeller = hasty if word == "silence" else patient
            try:
                seen[word] = labeller.read(await labeller.ask(labeller.body(question(), None)))
            except ServiceError as error:
                seen[word] = error
        await patient.close()
        await hasty.close()
        return seen

    with running(troubled(small)) as addresses:
        seen = asyncio.run(run(addresses["gemini"]))
    errors = {word: each for word, each in seen.items() if isinstance(each, ServiceError)}
    refusals = {word: each for word, each in errors.items() if isinstance(each, RefusedError)}
    assert errors.keys() - refusals.keys() == IN_DOUBT
    assert {word for word, each in refusals.items() if isinstance(each, QuotaError)} == STOPPING
    assert {word: each.after_s for word, each in refusals.items() if each.again} == BUSY
    assert all(KEY not in f"{each} {each.__dict__}" for each in errors.values())
    answers = {word: each for word, each in seen.items() if isinstance(each, Answer)}
    assert answers.keys() == UNUSABLE | {"truncated"}
    assert all(each.label is None and each.reason for each in answers.values())
    assert all(isinstance(answers[word].usage, Usage) for word in UNUSABLE)  # paid for all the same
