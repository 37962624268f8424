"""What may go wrong on the wire of a moving board: the key `trouble` of conf/live/*.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.settings import Section

SmallShare = Annotated[float, Field(ge=0, le=0.5)]
Host = Literal["board", "media"]
Burst = Literal["busy", "challenge"]


class BurstConfig(Section):
    """A stretch of time in which a host refuses everybody."""

    host: Host
    """Which one."""

    trouble: Burst
    """Busy (an error page), or a challenge page, which a browser would have to solve."""

    status: Literal[403, 429, 503]
    """The status of its answers."""

    at_min: Annotated[float, Field(ge=0, le=100_000)]
    """Minutes after the clock's beginning."""

    for_s: Annotated[float, Field(gt=0, le=86_400)]
    """Seconds that it lasts."""

    retry_after_s: Annotated[int, Field(ge=0, le=86_400)] | None
    """What Retry-After says; null: there is none."""


class TroubleConfig(Section):
    """What goes wrong on the wire; shares are of requests, or of files where media are named."""

    rollback_share: SmallShare
    """Answered with an older copy and its older Last-Modified, as an edge of the delivery network does."""

    rollback_max_s: Annotated[float, Field(gt=0, le=86_400)]
    """Seconds by which the older copy is older at most."""

    empty_share: SmallShare
    """Index requests answered with an empty list."""

    page_share: SmallShare
    """Answered with a web page and status 200, half of them under the name of JSON."""

    torn_share: SmallShare
    """Answered with the first half of the JSON, under the half's length."""

    hang_up_share: SmallShare
    """Not answered: the connection is closed."""

    redirect_share: SmallShare
    """Answered with a redirect to a host that nobody may follow."""

    bursts: Annotated[tuple[BurstConfig, ...], Field(max_length=100)]
    """When hosts refuse everybody."""

    null_share: SmallShare
    """Files that are nothing but null bytes."""

    late_share: SmallShare
    """Files that are null bytes in their first ten minutes."""

    cut_share: SmallShare
    """Files of which half is sent, under the length of the half."""

    polished_share: SmallShare
    """Files that come recompressed: they decode, and their md5 is another."""

    page_file_share: SmallShare
    """Files in whose place there is a web page with status 200."""
