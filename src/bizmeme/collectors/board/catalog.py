"""One look at a board's catalog: what it proves is written down, what it cannot prove is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bizmeme.collectors.board.desk import NOTHING, Desk, changed
from bizmeme.collectors.board.pages import Listing, read_catalog, read_numbers
from bizmeme.core.catalog import judged, plausible
from bizmeme.errors import ConfigError
from bizmeme.shell.holdings import Thread, Update
from bizmeme.shell.hosts import NOT_FOUND, NOT_MODIFIED, OK, Answer

_A_WHILE_S = 1_200.0  # threads live for hours; one that came and went within this is rare


@dataclass(frozen=True, slots=True)
class Look:
    """What a look brought."""

    changed: bool = False
    new_posts: int = 0
    most_new: int = 0  # of one thread that was known
    window: int = 0  # the longest one seen
    overflowed: bool = False


class Catalog:
    """Looks at the catalog; at the archive only after nobody looked for a while.

    A thread that left tells by its own page whether it was archived. archive.json is worth its request where
    threads may have come and gone unseen: at the start, and after a long silence of the host.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._path = f"/{desk.board}/catalog.json"
        self._archive_path = f"/{desk.board}/archive.json"
        self._looked_at: float | None = None
        self._doubted = 0

    async def look(self) -> Look:
        """One request, and one more after a while in which nobody looked.

        Raises ConfigError where the board does not exist, ServiceError where the host ends the run.
        """
        desk = self._desk
        answer = await desk.ask(self._path, "catalog")
        if answer.status == NOT_FOUND:
            raise ConfigError(f"There is no board /{desk.board}/ at this address. Check source.board.")
        now = await desk.timer.now()
        listings = self._believed(answer)
        if listings is None:
            self._looked_at = now if answer.status == NOT_MODIFIED else self._looked_at
            return Look()
        listed = {listing.entry.no: self._listed(listing, now) for listing in listings}
        written = [update for update in listed.values() if update is not None]
        look = self._summed(written, listings)
        left = [Update(replace(thread, need="left")) for thread in self._left(listed)]
        desk.write([*written, *left], now, path=self._path, validator=answer.last_modified)
        if self._looked_at is None or now - self._looked_at > _A_WHILE_S:
            await self._archive()
        self._looked_at = now
        return look

    def _believed(self, answer: Answer) -> list[Listing] | None:
        """The catalog's threads; None where nothing changed, or where it cannot be believed."""
        if answer.status == NOT_MODIFIED or self._desk.older(answer):
            return None
        listings = read_catalog(answer.body) or []
        live = sum(thread.state == "live" for thread in self._desk.threads.values())
        if not plausible(len(listings), live, doubted=self._doubted):
            self._doubted += 1
            self._desk.counts["ignored"] += 1
            return None
        self._doubted = 0
        self._desk.entries = {listing.entry.no: listing.entry for listing in listings}
        self._desk.listed.update(self._desk.entries)
        return listings

    def _listed(self, listing: Listing, now: float) -> Update | None:
        """What the catalog says of one thread; None where that is nothing new."""
        entry = listing.entry
        thread = self._desk.threads.get(entry.no) or self._desk.holdings.thread(entry.no)
        verdict = judged(entry, thread.held if thread else None)
        if verdict.stale:
            return None
        known = thread or Thread(entry.no, NOTHING)
        after = changed(known, listing.posts, verdict.changes)
        if verdict.settled:
            after = after.listed(entry, need="", whole=True)
        else:
            whole = verdict.need == "edit" and known.held.whole
            after = replace(after, need=verdict.need, held=replace(after.held, whole=whole), state="live")
        if thread == after:
            return None
        return self._desk.update(replace(after, seen_at=now), verdict.changes, listing.posts)

    def _left(self, listed: Mapping[int, object]) -> list[Thread]:
        threads = self._desk.threads.values()
        return [
            each for each in threads if each.no not in listed and each.state == "live" and each.need != "left"
        ]

    def _summed(self, updates: Sequence[Update], listings: Sequence[Listing]) -> Look:
        known = self._desk.threads
        gains = [
            listing.entry.replies - known[listing.entry.no].held.replies
            for listing in listings
            if listing.entry.no in known
        ]
        return Look(
            changed=True,
            new_posts=sum(len(update.changes.new) for update in updates),
            most_new=max(gains, default=0),
            window=max((len(listing.entry.window) for listing in listings), default=0),
            overflowed=any(update.thread.need == "overflow" for update in updates),
        )

    async def _archive(self) -> None:
        """Note the archived threads that were never seen, or not to their end."""
        desk = self._desk
        answer = await desk.ask(self._archive_path, "archive")
        if answer.status != OK or desk.older(answer):  # 404: a board without an archive
            return
        archived = read_numbers(answer.body) or frozenset()
        unseen = archived - desk.threads.keys() - desk.holdings.finished()
        updates = [Update(Thread(no, NOTHING, state="doubtful", need="left")) for no in sorted(unseen)]
        now = await desk.timer.now()
        desk.write(updates, now, path=self._archive_path, validator=answer.last_modified)
