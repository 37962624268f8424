"""What `bizmeme coverage` and `bizmeme stats` look at: options, configuration, and the posts of one board."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from bizmeme.core.coverage import SOURCES, opening
from bizmeme.core.marks import Stretch, periods
from bizmeme.core.settings import Plugin, Plugins, Section, Seed
from bizmeme.core.splits import HeldOut
from bizmeme.errors import ConfigError
from bizmeme.shell.builder import checked
from bizmeme.shell.held_posts import board_of, held_posts
from bizmeme.shell.journal import Journal
from bizmeme.shell.journals import open_journal
from bizmeme.shell.workspace import state_home

GOAL = 10_000


class Params(Section):
    """The sections that both commands read."""

    source: Plugins
    split: HeldOut
    seed: Seed
    sandbox: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Held:
    """The posts held of one board, and what they are looked at with."""

    journal: Journal
    sections: Mapping[str, Plugin]  # of the sources that are looked at
    board: str
    posts: pl.DataFrame  # as core.coverage
    params: Params
    now: datetime

    @property
    def periods(self) -> list[Stretch]:
        """The market's periods; none on the real board, whose market nobody tells us of."""
        if self.params.sandbox is None:
            return []
        world = self.params.sandbox["world"]
        turns = [(turn["regime"], turn["days"]) for turn in world["periods"]]
        return periods(date.fromisoformat(str(world["first_day"])), turns)

    def nothing(self, chosen: argparse.Namespace) -> str:
        """What to say where no post is held."""
        post = "opening post" if chosen.opening_posts else "post"
        names = " and ".join(self.sections) if len(self.sections) < len(SOURCES) else "any source"
        return (
            f"The journal of '{self.journal.origin}' holds no {post} of /{self.board}/ from {names} yet. "
            "`bizmeme collect` collects some, `bizmeme import` brings in what you have."
        )


def options(name: str, doc: str) -> argparse.ArgumentParser:
    """A parser with the options of both commands."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog=f"bizmeme {name}", description=doc, formatter_class=formatter)
    add = parser.add_argument
    add("overrides", nargs="*", metavar="key=value", help="as for a stage: experiment=production")
    add("--source", choices=SOURCES, help="look at what came from there alone")
    add("--opening-posts", action="store_true", help="count the posts that opened their threads, no replies")
    add("--goal", type=number, default=GOAL, metavar="N", help=f"posts with a picture wanted ({GOAL:,})")
    add("--png", type=Path, default=Path(f"{name}.png"), metavar="PATH", help=f"the picture ({name}.png)")
    add("--no-png", action="store_true", help="draw no picture")
    return parser


def number(text: str) -> int:
    """An option's whole number from 1 on, with or without commas: 10,000; raises ArgumentTypeError."""
    digits = text.replace(",", "").replace("_", "")
    if not digits.isdecimal() or int(digits) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 on")
    return int(digits)


@contextmanager
def looking(chosen: argparse.Namespace) -> Iterator[Held]:
    """The journal of the configured origin, open, and its posts."""
    from bizmeme.stages.compose import composed_yaml
    from bizmeme.stages.runner import origin, sections_of

    config = sections_of(Params, composed_yaml(Path("conf"), chosen.overrides).config)
    params: Params = checked(Params, config, where="")
    sections = _chosen(params.source, chosen.source)
    with open_journal(state_home(), origin(params.sandbox)) as journal:
        posts = held_posts(journal, sections)
        board = board_of(next(iter(sections.values())))
        yield Held(journal, sections, board, posts, params, _now(params, posts))


def _chosen(sections: Mapping[str, Plugin], name: str | None) -> Mapping[str, Plugin]:
    """All configured sources, or the one that is named; raises ConfigError where it is not configured."""
    if name is not None and name not in sections:
        raise ConfigError(f"--source {name}: `source` has {', '.join(sections)}.")
    return sections if name is None else {name: sections[name]}


def _now(params: Params, posts: pl.DataFrame) -> datetime:
    """Wall time; where time is simulated, the end of the world's last period, or its newest post."""
    if params.sandbox is None:
        return datetime.now(UTC)
    world = params.sandbox["world"]
    days = sum(turn["days"] for turn in world["periods"])
    ends = datetime.combine(date.fromisoformat(str(world["first_day"])), time(), UTC) + timedelta(days=days)
    newest = posts["posted_at"].max()
    return max(ends, newest) if isinstance(newest, datetime) else ends


def counted(posts: pl.DataFrame, chosen: argparse.Namespace) -> pl.DataFrame:
    """The posts that the options want counted, a row each source."""
    return opening(posts) if chosen.opening_posts else posts
