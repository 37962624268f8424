"""How many are asked at once: halved once a round of overruns, grown again one by one, never none."""

from bizmeme.shell.paying.crowd import Crowd


def test_an_overrun_server_halves_the_crowd_once_whatever_was_in_flight() -> None:
    made = Crowd(16)
    sent = [made.sent() for _ in range(16)]
    for each in sent:
        made.overrun(each)
    assert made.allowed == 8
    made.overrun(made.sent())
    assert made.allowed == 4


def test_a_crowd_grows_by_one_a_round_and_never_beyond_the_limit() -> None:
    made = Crowd(16)
    made.overrun(made.sent())
    for _ in range(9):
        made.answered()
    assert made.allowed == 9
    for _ in range(1000):
        made.answered()
    assert made.allowed == 16


def test_a_crowd_is_never_empty() -> None:
    made = Crowd(2)
    for _ in range(9):
        made.overrun(made.sent())
    assert made.allowed == 1
