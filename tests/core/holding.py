"""Frames of held posts for tests: numbers, seconds after a Monday, threads."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from bizmeme.core.coverage import SCHEMA

MONDAY = datetime(2025, 9, 29, tzinfo=UTC)
DAY_S = 86_400


def after(days: float) -> datetime:
    """So many days after Monday, 2025-09-29."""
    return MONDAY + timedelta(days=days)


def post(no: int, days: float, **named: Any) -> dict[str, Any]:
    """A post of the board that opened its thread, unless told otherwise."""
    usual = {"source": "board", "board": "biz", "thread_no": no, "picture": False, "deleted": False}
    return usual | {"no": no, "posted_at": after(days)} | named


def frame(*posts: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(posts, schema=dict(SCHEMA))


def steady(nos: Iterable[int], *, per_day: int = 1000, **named: Any) -> pl.DataFrame:
    """Posts of these numbers on a board that numbers so many a day, from 0 on Monday."""
    return frame(*(post(no, no / per_day, **named) for no in nos))
