"""What a moving board is made of: conf/live/*.yaml.

No part of the pipeline's configuration: a live world is a stand against which a collector of days is tested.
"""

import datetime
from typing import Annotated

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section, Seed, Share
from bizmeme.sandbox.live.config_trouble import SmallShare, TroubleConfig

PerDay = Annotated[float, Field(ge=0, le=1_000)]
Minutes = Annotated[float, Field(gt=0, le=10_000)]


class TrafficConfig(Section):
    """How much is posted, when, and where."""

    history_hours: Annotated[float, Field(ge=0, le=400)]
    """Hours simulated before the clock begins, so that board and archive are full by then."""

    posts_per_day: Annotated[float, Field(gt=0, le=100_000)]
    """Posts a day, opening posts included."""

    threads_per_day: Annotated[float, Field(gt=0, le=10_000)]
    """New threads a day."""

    live_threads: Annotated[int, Field(ge=1, le=1_000)]
    """Threads in the index beside stickies; a new one pushes the longest unbumped one into the archive."""

    day_swing: Annotated[float, Field(ge=0, lt=1)]
    """Amplitude of the day's sine, as a share of the mean rate."""

    busiest_hour: Annotated[float, Field(ge=0, lt=24)]
    """Hour of the day, UTC, at which most is posted."""

    spread: Annotated[float, Field(ge=0, le=4)]
    """Standard deviation of the logarithm of a thread's pull: how heavy the tail of its replies is."""

    fades_after_h: Annotated[float, Field(gt=0, le=1_000)]
    """Hours in which a thread's pull falls to a third (1/e)."""

    bump_limit: PositiveInt
    """Replies from which a thread is bumped no more."""

    image_limit: PositiveInt
    """Pictures among the replies from which a thread takes none."""


class PostsConfig(Section):
    """What a post is like."""

    picture_share: Share
    """Share of replies with a file; every opening post has one."""

    repost_share: Share
    """Share of files that were posted before, byte for byte."""

    flawed_share: SmallShare
    """Share of new files that are videos, bombs, empty or mislabelled."""

    files: PositiveInt
    """Pictures that are drawn; each upload is one of them with bytes of its own, so with its own md5."""

    quoting_share: Share
    """Share of replies that quote one or two earlier posts of their thread."""

    named_share: Share
    """Share of posts with a name and a tripcode."""

    odd_share: SmallShare
    """Share of posts whose text ends in characters that break careless programs."""


class ChangesConfig(Section):
    """What happens to posts and threads afterwards; a change that finds its post gone does not happen."""

    deleted_share: SmallShare
    """Share of replies that are deleted one by one."""

    deleted_after_min: Minutes
    """Mean minutes until then, spread exponentially."""

    undeleted_share: Share
    """Share of those deletions that are taken back, as long after."""

    sweeps_per_day: PerDay
    """Times a day that all replies of one poster in a thread go at once, and last_modified stays."""

    banned_share: SmallShare
    """Share of posts that get a ban notice."""

    file_deleted_share: SmallShare
    """Share of files that are deleted while their post stays."""

    unnamed_share: Share
    """Share of named posts whose name and tripcode are taken away."""

    edited_after_min: Minutes
    """Mean minutes until one of those edits, spread exponentially."""

    closed_per_day: PerDay
    """Threads a day that are closed; half of them are opened again an hour later."""

    stuck_per_day: PerDay
    """Threads a day that are made sticky for an hour."""

    removed_per_day: PerDay
    """Threads a day that a moderator deletes: 404, and not in the archive."""

    moved_per_day: PerDay
    """Threads a day that move to another board: to this one's readers as good as removed."""

    hidden_per_day: PerDay
    """Threads a day that leave the index while their JSON goes on being served, without `archived`."""

    broken_per_day: PerDay
    """Threads a day whose JSON becomes the malformed one."""

    returned_share: Share
    """Share of removed and hidden threads that come back into the index half an hour later."""

    forgotten_after_h: Annotated[float, Field(gt=0, le=1_000)]
    """Hours after which a hidden or broken thread becomes a 404."""


class StickyConfig(Section):
    """The one old sticky, first in the index."""

    opened_days_before: Annotated[int, Field(ge=1, le=6_000)]
    """Days before the clock begins at which it was opened."""

    cap: Annotated[int, Field(ge=1, le=2_000)]
    """Newest replies that it keeps; it begins full."""

    reply_share: SmallShare
    """Share of all replies that go there."""


class WireConfig(Section):
    """How the JSON is cut."""

    window: Annotated[int, Field(ge=1, le=20)]
    """Newest replies in a catalog entry."""

    tail_from: PositiveInt
    """Replies from which a live thread has a -tail.json."""

    tail_size: PositiveInt
    """Posts in that."""

    archive_days: Annotated[float, Field(gt=0, le=30)]
    """Days for which an archived thread is kept."""


class RulesConfig(Section):
    """What the hosts demand; zero asks for nothing."""

    min_interval_s: Annotated[float, Field(ge=0, le=60)]
    """Seconds between two requests to one host."""

    thread_interval_s: Annotated[float, Field(ge=0, le=3_600)]
    """Seconds between two requests for the same thread, its tail included."""

    patience_s: Annotated[float, Field(ge=0, le=3_600)]
    """Seconds after a 429, a 503 or a challenge page without Retry-After in which a host is let alone."""


class LiveConfig(Section):
    """A moving board."""

    name: str
    """The file under conf/live/ that holds it."""

    seed: Seed
    """Seeds everything that is drawn."""

    begins_at: Annotated[datetime.date, Field(ge=datetime.date(2010, 1, 1), le=datetime.date(2100, 1, 1))]
    """The day, UTC, at whose first second the clock begins."""

    hours: Annotated[float, Field(gt=0, le=1_000)]
    """Hours for which things happen; after them the archive empties, and nothing else."""

    traffic: TrafficConfig
    """How much is posted."""

    posts: PostsConfig
    """What a post is like."""

    changes: ChangesConfig
    """What happens to it."""

    sticky: StickyConfig | None
    """The old sticky; null: none."""

    wire: WireConfig
    """How the JSON is cut."""

    rules: RulesConfig
    """What the hosts demand."""

    trouble: TroubleConfig | None
    """What goes wrong on the wire; null: nothing does."""

    @property
    def begins_at_s(self) -> float:
        """The clock's beginning in seconds since 1970."""
        midnight = datetime.datetime.combine(self.begins_at, datetime.time(), datetime.UTC)
        return midnight.timestamp()

    @property
    def ends_at_s(self) -> float:
        """When things stop to happen, in seconds since 1970."""
        return self.begins_at_s + self.hours * 3_600
