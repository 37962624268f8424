"""What two judges of other people say of our clients, which ask over both vendors' real SDKs."""

import json
from pathlib import Path

import pytest

from bizmeme.shell.paying.desk import Asking
from tests.judges.clients import KEY, asked
from tests.judges.servers import VENDORS, Vendor, aimock, llmock

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("vendor", VENDORS)]

NAMED = (  # how long to wait: in whole seconds and, for OpenAI's SDK, in milliseconds
    {"type": "fail", "status": 429, "retry_after": 1, "times": 6},
    {"type": "fail", "status": 503, "retry_after": 2, "times": 3},
    {"type": "fail", "status": 429, "retry_after": 0.3, "times": 4},
)
UNNAMED = (
    {"type": "fail", "status": 500, "times": 40},
    {"type": "fail", "status": 502, "times": 4},
)
REFUSED = {"type": "fail", "status": 400, "times": 1}
LLMOCK_POSTS, AIMOCK_POSTS = 60, 120


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "none-that-is-secret")


# Apart: a pause that one answer names holds everybody, and looks like a constant interval of the others.
@pytest.mark.parametrize("busy", [NAMED, UNNAMED], ids=["named", "unnamed"])
def test_llmock_passes_a_client_of_ours_without_a_warning(
    busy: tuple[dict[str, object], ...], vendor: Vendor, tmp_path: Path
) -> None:
    how = Asking(tries=10, pause_s=0.5)
    with llmock(tmp_path) as judge:
        # SDKs load the types of their errors at the first one, seconds in which nobody could be impatient.
        judge.script(REFUSED)
        asked(vendor, judge.base_url(vendor), tmp_path / "before", posts=1, how=how)
        judge.script(REFUSED, *busy)
        answers = asked(vendor, judge.base_url(vendor), tmp_path, posts=LLMOCK_POSTS, how=how)
        verdict, left = judge.verdict(), judge.left()
    assert (verdict["passed"], verdict["findings"]) == (True, [])
    assert left == 0  # every fault was met
    again = sum(int(str(fault["times"])) for fault in busy)
    assert (verdict["calls"], verdict["attempts"]) == (LLMOCK_POSTS, LLMOCK_POSTS + again)
    (reason,) = (asked.answer.reason for asked in answers.values() if asked.answer.label is None)
    assert reason is not None
    assert reason.startswith("refused with status 400")


def test_aimock_answers_each_post_once_while_a_third_of_its_requests_is_refused(
    vendor: Vendor, tmp_path: Path
) -> None:
    reply = json.dumps({"label": "bullish", "rationale": "up"})
    with aimock(tmp_path, reply=reply, refused=0.3) as judge:
        how = Asking(tries=20, pause_s=0.5)
        answers = asked(vendor, judge.base_url(vendor), tmp_path, posts=AIMOCK_POSTS, how=how)
        statuses = list(judge.statuses().values())
    assert [asked.answer.label for asked in answers.values()] == ["bullish"] * AIMOCK_POSTS
    assert len(statuses) == AIMOCK_POSTS
    assert all(each == [429] * (len(each) - 1) + [200] for each in statuses)
    assert max(map(len, statuses)) > 1  # some were refused
