"""What an account may ask of a vision API: at once, a minute, a day; and of how much at a time."""

from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section

PerMinute = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Limits(Section):
    """The limits of your account, or below them; null where there is none."""

    concurrency: PositiveInt
    """Requests in flight at once."""

    requests_per_minute: PerMinute | None
    """Requests of any sixty seconds."""

    tokens_per_minute: PositiveInt | None
    """Tokens of any sixty seconds, prompt and answer together."""

    requests_per_day: PositiveInt | None
    """Requests of any 24 hours, over all processes and restarts."""

    tokens_per_day: PositiveInt | None
    """Tokens of any 24 hours, over all processes and restarts."""


class BatchLimits(Section):
    """How large one batch may be, and how often it is looked at."""

    max_requests: PositiveInt
    """Requests of one batch."""

    max_bytes: PositiveInt
    """Bytes of one batch as sent, pictures in base64 included."""

    poll_s: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Seconds between two looks at batches that are still running."""
