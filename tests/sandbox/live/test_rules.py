"""Each rule that a visitor may break is counted by its name, and a polite visitor breaks none."""

from dataclasses import replace

import pytest

from bizmeme.sandbox.live.config import RulesConfig
from bizmeme.sandbox.live.rules import Ask, Keeper

RULES = RulesConfig(min_interval_s=1.0, thread_interval_s=10.0, patience_s=5.0)
CATALOG = Ask(1_000.0, "GET", "/biz/catalog.json", "", "collector/1 (ops@example.org)", None)
THREAD = replace(CATALOG, path="/biz/thread/7.json")


def after(seconds: float, ask: Ask = CATALOG, **changes: str | None) -> Ask:
    return replace(ask, at=1_000.0 + seconds, **changes)  # type: ignore[arg-type]


def keeper(*admitted: Ask) -> Keeper:
    kept = Keeper(RULES)
    for ask in admitted:
        assert kept.judge(ask) is None
        kept.answered(ask, 200, {})
    return kept


@pytest.mark.parametrize(
    ("violation", "ask"),
    [
        ("unnamed", after(0, user_agent="")),
        ("no_contact", after(0, user_agent="Python/3.11 aiohttp/3.12")),
        ("method", after(0, method="POST")),
    ],
)
def test_a_request_that_nobody_should_send_is_refused_and_named(violation: str, ask: Ask) -> None:
    kept = keeper()
    assert kept.judge(ask) == 1
    assert kept.violations == {violation: 1}
    assert kept.examples == [{"violation": violation, "at": ask.at, "path": ask.path}]


@pytest.mark.parametrize("agent", ["collector/1 (ops@example.org)", "collector (+https://example.org/why)"])
def test_a_name_with_a_contact_is_welcome(agent: str) -> None:
    assert keeper().judge(after(0, user_agent=agent)) is None


def test_a_second_must_pass_between_any_two_requests() -> None:
    kept = keeper(CATALOG)
    assert kept.judge(after(0.999, THREAD)) == 1
    assert kept.violations == {"hurried": 1}
    assert kept.judge(after(1.0, THREAD)) is None
    assert kept.violations == {"hurried": 1}


@pytest.mark.parametrize("path", ["/biz/thread/7.json", "/biz/thread/7-tail.json"])
def test_a_thread_and_its_tail_rest_ten_seconds(path: str) -> None:
    kept = keeper(THREAD)
    assert kept.judge(after(9.9, path=path)) == 1
    assert kept.violations == {"same_thread": 1}
    assert kept.judge(after(5.0, path="/biz/thread/8.json")) is None
    assert kept.judge(after(10.0, path=path)) is None


def test_a_thread_that_was_refused_may_be_asked_for_again() -> None:
    kept = keeper()
    assert kept.judge(THREAD) is None
    kept.answered(THREAD, 503, {})
    assert kept.judge(after(5.0, THREAD)) is None


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(("told", "rest"), [({"Retry-After": "30"}, 30), ({}, 5)])
def test_after_a_refusal_the_whole_host_is_let_alone(status: int, told: dict[str, str], rest: float) -> None:
    kept = keeper()
    assert kept.judge(CATALOG) is None
    kept.answered(CATALOG, status, told)
    assert kept.judge(after(rest - 0.5, THREAD)) == 1
    assert kept.violations == {"impatient": 1}
    assert kept.judge(after(rest, THREAD)) is None


def test_only_a_validator_that_was_given_for_the_path_may_be_sent() -> None:
    given = "Mon, 10 Nov 2025 00:00:00 GMT"
    kept = keeper()
    assert kept.judge(CATALOG) is None
    kept.answered(CATALOG, 200, {"Last-Modified": given})
    assert kept.judge(after(1, if_modified_since=given)) is None
    assert kept.violations == {}
    assert kept.judge(after(2, THREAD, if_modified_since=given)) is None
    assert kept.judge(after(3, if_modified_since="Mon, 10 Nov 2025 00:00:01 GMT")) is None
    assert kept.violations == {"validator": 2}


def test_a_query_is_counted_and_served() -> None:
    kept = keeper()
    assert kept.judge(after(0, query="v=1")) is None
    assert kept.violations == {"query": 1}


def test_refused_requests_use_nothing_up() -> None:
    kept = keeper(CATALOG)
    assert kept.judge(after(0.5)) == 1
    assert kept.judge(after(1.0)) is None


def test_no_interval_frees_from_the_limit() -> None:
    kept = Keeper(RulesConfig(min_interval_s=0, thread_interval_s=0, patience_s=0))
    for _ in range(5):
        assert kept.judge(THREAD) is None
        kept.answered(THREAD, 200, {})
    assert kept.violations == {}
