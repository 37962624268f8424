"""How the sandbox's servers behave: the section `sandbox.serving`, no part of the world's origin."""

from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section, Share

Server = Literal["board", "media", "openai", "gemini", "label_studio", "captions", "truth", "warosu"]
Trouble = Literal[
    "hang_up", "silence", "error", "garbage", "cut_off", "quota", "wrong_key",
    "busy", "busy_after", "busy_until", "unavailable", "day_quota",
    "truncated", "wrong_schema", "off_vocabulary", "refusal", "filtered",
]  # fmt: skip


class Fault(Section):
    """A stretch of requests in which a server misbehaves."""

    server: Server
    """Whose requests."""

    trouble: Trouble
    """What happens to them: servers/faults.py lists all; the vision APIs' come in their vendor's shape."""

    after: Annotated[int, Field(ge=0)]
    """Requests that go well before."""

    times: PositiveInt | None
    """Requests of the stretch that follows; null: all that follow."""

    share: Share
    """How many of the stretch's requests go wrong, by dice on their number; 1: all."""


class Quota(Section):
    """What a vision API lets an account ask, by the sandbox's clock."""

    requests_per_s: Annotated[float, Field(gt=0)] | None
    """Requests a simulated second; null: any number."""

    tokens_per_s: PositiveInt | None
    """Tokens of prompts and answers a simulated second; null: any number."""

    burst_s: Annotated[float, Field(gt=0, le=3600)]
    """Seconds of unused allowance that may be used at once."""


class Quotas(Section):
    """Of each vision API."""

    openai: Quota
    """Of OpenAI's."""

    gemini: Quota
    """Of Gemini's."""


class BatchServing(Section):
    """How the vision APIs work through batches."""

    lasts_s: Annotated[float, Field(gt=0)]
    """Simulated seconds from a batch's creation to its end."""

    expired_share: Share
    """Share of lines that a batch does not come to: it expires."""

    failed_share: Share
    """Share of lines that the API fails to answer."""


class ServingConfig(Section):
    """How the servers behave; no part of the origin."""

    min_interval_s: Annotated[float, Field(ge=0, le=60)]
    """Simulated seconds between two requests to the board, and to the media host; sooner ones get 429."""

    archive_days: PositiveInt
    """How long the board shows an archived thread and its files; after that the archive alone has them."""

    batches: BatchServing
    """The vision APIs' batches."""

    billed_picture_px: PositiveInt | None
    """The vision APIs bill each picture as if its longer side had so many pixels; null: as it was sent."""

    quotas: Quotas
    """What the vision APIs let an account ask; what is beyond gets 429."""

    faults: tuple[Fault, ...]
    """What goes wrong, to see what the pipeline makes of it."""
