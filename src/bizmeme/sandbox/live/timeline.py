"""What happens on the board, drawn from the configuration's seed: a small simulation, done once.

    build(config).events[12_345]  →  Event(at=1762732812.37, kind="post", thread_no=60000412, nos=(60012001,))

People post at random, into threads that they like, and a new thread pushes the longest unbumped one into the
archive. What happens to a post or a thread later waits in a queue, and comes to nothing if by then there is
no such post or thread.
"""

import heapq
from collections.abc import Callable, Iterator, MutableMapping
from functools import partial

from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.crowd import Pulls, arrivals
from bizmeme.sandbox.live.happenings import STICKY_NO, Event, Kind, Post, Timeline
from bizmeme.sandbox.live.moderation import Moderation
from bizmeme.sandbox.live.state import Board, Thread

_FIRST_NO = 60_000_000
_NEW_POSTER_SHARE = 0.55
_RECENT = 20  # posts among which a quoted one is chosen, if it is not the first
_RECENT_UPLOADS = 400

Action = Callable[[float], None]


def build(config: LiveConfig) -> Timeline:
    """Everything that happens, from before the clock begins until the last archived thread is gone."""
    simulation = Simulation(config)
    simulation.run()
    return Timeline(simulation.posts, tuple(simulation.events))


class Simulation:
    """A board under way."""

    def __init__(self, config: LiveConfig) -> None:
        self.config = config
        self.begins_at = config.begins_at_s - 3_600 * config.traffic.history_hours
        self.posts: MutableMapping[int, Post] = {}
        self.events: list[Event] = []
        self.board = Board(self.posts, config.traffic)
        self.sticky_no: int | None = None
        self._dice = stream("live", config.seed)
        self._pulls = Pulls(config.traffic, self.begins_at)
        self._queue: list[tuple[float, int, Action, bool]] = []
        self._queued = 0
        self._next_no = _FIRST_NO
        self._uploads: list[int] = []
        self._moderation = Moderation(self)

    # --- time -----------------------------------------------------------------------------------------

    def run(self) -> None:
        """Let everything happen."""
        traffic = self.config.traffic
        self._open_sticky()
        replies_per_day = traffic.posts_per_day - traffic.threads_per_day
        coming: list[tuple[float, Action]] = [
            (traffic.threads_per_day, self._open),
            (replies_per_day, self._reply),
        ]
        for per_day, action in coming:
            moments = arrivals(per_day, self.begins_at, traffic, stream("when", self.config.seed, per_day))
            self._keep_coming(moments, action)
        self._moderation.plan()
        while self._queue:
            at, _, action, even_later = heapq.heappop(self._queue)
            if at < self.config.ends_at_s or even_later:
                action(at)

    def later(self, at: float, action: Action, *, even_after_the_end: bool = False) -> None:
        """Let something happen then."""
        self._queued += 1
        heapq.heappush(self._queue, (at, self._queued, action, even_after_the_end))

    def _keep_coming(self, moments: Iterator[float], action: Action) -> None:
        def come(at: float) -> None:
            action(at)
            self.later(next(moments), come)

        self.later(next(moments), come)

    def emit(
        self, at: float, kind: Kind, thread_no: int, nos: tuple[int, ...] = (), *, mark: int = 0
    ) -> None:
        """It happens."""
        event = Event(at, kind, thread_no, nos, mark)
        self.events.append(event)
        self.board.apply(event)

    # --- people ---------------------------------------------------------------------------------------

    def _open(self, at: float) -> None:
        no = self._number()
        self._pulls.open(no, at, self._dice)
        self._post(Post(no, no, at, 0, (), self._upload(), named=self._named()))
        self._make_room(at)

    def _reply(self, at: float) -> None:
        thread = self._choose_thread()
        if thread is None:
            return
        draw, posts = self._dice, self.config.posts
        pictured = happens(draw, posts.picture_share) and not thread.image_limited
        self._post(
            Post(
                self._number(),
                thread.no,
                at,
                self._poster(thread),
                self._quotes(thread) if happens(draw, posts.quoting_share) else (),
                self._upload() if pictured else None,
                named=self._named(),
            )
        )
        self._prune(at, thread)

    def _post(self, post: Post) -> None:
        self.posts[post.no] = post
        self.emit(post.at, "post", post.thread_no, (post.no,))
        self._moderation.look_at(post)

    def _choose_thread(self) -> Thread | None:
        sticky = self.config.sticky
        if sticky is not None and self.sticky_no and happens(self._dice, sticky.reply_share):
            return self.board.threads[self.sticky_no]
        threads = self.board.threads
        nos = [no for no in sorted(self.board.live) if no != self.sticky_no and not threads[no].closed]
        return threads[self._pulls.choose(nos, self._dice)] if nos else None

    def _poster(self, thread: Thread) -> int:
        posters = [self.posts[no].poster for no in thread.shown]
        return max(posters) + 1 if happens(self._dice, _NEW_POSTER_SHARE) else self._dice.choice(posters)

    def _quotes(self, thread: Thread) -> tuple[int, ...]:
        draw = self._dice
        nos = {draw.choice((thread.no, *thread.shown[-_RECENT:])) for _ in range(1 + happens(draw, 0.15))}
        return tuple(sorted(nos))

    def _upload(self) -> int:
        if self._uploads and happens(self._dice, self.config.posts.repost_share):
            return self._dice.choice(self._uploads[-_RECENT_UPLOADS:])
        self._uploads.append(len(self._uploads))
        return self._uploads[-1]

    def _named(self) -> bool:
        return happens(self._dice, self.config.posts.named_share)

    def _number(self) -> int:
        self._next_no += 1
        return self._next_no

    # --- the board itself -----------------------------------------------------------------------------

    def _make_room(self, at: float) -> None:
        """Archive what was bumped longest ago, beyond the threads that the index holds."""
        usual = [thread for thread in self.board.in_order() if not thread.sticky]
        for thread in usual[self.config.traffic.live_threads :]:
            self.emit(at, "archive", thread.no)
            purge = partial(self.emit, kind="purge", thread_no=thread.no)
            self.later(at + 86_400 * self.config.wire.archive_days, purge, even_after_the_end=True)

    def _prune(self, at: float, thread: Thread) -> None:
        sticky = self.config.sticky
        if sticky is not None and thread.no == self.sticky_no and thread.replies > sticky.cap:
            self.emit(at, "prune", thread.no, (thread.shown[1],))

    def _open_sticky(self) -> None:
        """The old sticky, full of replies that were made over the years."""
        sticky = self.config.sticky
        if sticky is None:
            return
        self.sticky_no = STICKY_NO
        opened_at = self.config.begins_at_s - 86_400 * sticky.opened_days_before
        years_s = self.begins_at - opened_at
        self._pulls.open(STICKY_NO, opened_at, self._dice)
        self._old(Post(STICKY_NO, STICKY_NO, opened_at, 0, (), self._upload(), named=False, staff=True))
        self.emit(opened_at, "stick", STICKY_NO)
        for number in range(1, sticky.cap + 1):
            passed = number / (sticky.cap + 1)
            no = STICKY_NO + int(passed * (_FIRST_NO - STICKY_NO))
            upload = self._upload() if happens(self._dice, self.config.posts.picture_share) else None
            self._old(
                Post(no, STICKY_NO, opened_at + passed * years_s, number, (STICKY_NO,), upload, named=False)
            )

    def _old(self, post: Post) -> None:
        self.posts[post.no] = post
        self.emit(post.at, "post", post.thread_no, (post.no,))
