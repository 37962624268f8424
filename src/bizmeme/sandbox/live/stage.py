"""What the servers of one moving board share, and the log of every answer that they gave."""

from collections import Counter, deque
from dataclasses import dataclass, field

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.config_trouble import Host
from bizmeme.sandbox.live.files import Files
from bizmeme.sandbox.live.happenings import Timeline
from bizmeme.sandbox.live.rendering import Renderer
from bizmeme.sandbox.live.rules import Keeper
from bizmeme.sandbox.live.state import Board, Replay
from bizmeme.sandbox.live.timeline import build

_COPIES = 4  # older answers of a path that an edge may still hold


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the log: what was asked, and the moment whose state the answer showed."""

    at: float
    host: Host
    path: str
    status: int  # 0: the connection was closed
    state_at: float
    trouble: str  # "" for an answer that can be trusted


@dataclass(frozen=True, slots=True)
class Copy:
    """An answer that an edge holds."""

    state_at: float
    modified_at: int
    body: bytes


@dataclass(frozen=True, slots=True)
class LiveStage:
    """One world, and everything that its servers remember."""

    config: LiveConfig
    timeline: Timeline
    replay: Replay
    files: Files
    renderer: Renderer
    clockwork: Clockwork
    keepers: dict[Host, Keeper]
    log: list[Answer] = field(default_factory=list)
    troubles: Counter[str] = field(default_factory=Counter)
    copies: dict[str, deque[Copy]] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)  # the address to which nobody may be led

    @property
    def board(self) -> Board:
        """The board at this moment."""
        return self.replay.advance(self.clockwork.now)

    def keep(self, path: str, copy: Copy) -> None:
        """Remember an answer, for an edge to give again."""
        held = self.copies.setdefault(path, deque(maxlen=_COPIES))
        if not held or held[-1].modified_at != copy.modified_at:
            held.append(copy)


def replay_of(timeline: Timeline, config: LiveConfig) -> Replay:
    """A board before anything has happened."""
    return Replay(timeline.events, Board(timeline.posts, config.traffic))


def live_stage(config: LiveConfig) -> LiveStage:
    """A world whose clock stands at its beginning; about two CPU-seconds for a day."""
    timeline = build(config)
    files = Files(config.seed, config.posts)
    return LiveStage(
        config,
        timeline,
        replay_of(timeline, config),
        files,
        Renderer(config, files),
        Clockwork(config.begins_at_s),
        {"board": Keeper(config.rules), "media": Keeper(config.rules)},
    )
