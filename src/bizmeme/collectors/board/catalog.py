"""One look at a board's catalog: what it proves is written down, what it cannot prove is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bizmeme.collectors.board.desk import NOTHING, Desk, changed
from bizmeme.collectors.board.pages import CatalogPage, Listing, read_catalog, read_numbers
from bizmeme.core.catalog import judged
from bizmeme.core.looks import plausible
from bizmeme.errors import ConfigError, ServiceError
from bizmeme.shell.holdings import Thread, Update
from bizmeme.shell.hosts import NOT_FOUND, NOT_MODIFIED, Answer, http_seconds

_TRIES = 2  # of archive.json, which can wait for another look
_A_WHILE_S = 1_200.0  # threads live for hours; one that came and went within this is rare


@dataclass(frozen=True, slots=True)
class Look:
    """What a look brought."""

    sound: bool = False  # it was believed, or nothing had changed
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
        self._looked_at: float | None = None  # None until the archive was seen
        self._doubted = 0
        self._read: Mapping[bytes, Listing] = MappingProxyType({})  # by the last catalog that was believed
        self._settled: dict[int, tuple[Listing, Thread]] = {}  # listed threads with nothing new to say of

    async def look(self) -> Look:
        """One request, and one more after a while in which nobody looked.

        Raises ConfigError where the board does not exist, ServiceError where the host ends the run.
        """
        desk = self._desk
        answer = await desk.ask(self._path, "catalog")
        now = await desk.timer.now()
        if answer.status == NOT_MODIFIED:
            self._looked_at = None if self._looked_at is None else now
            return Look(sound=True)
        page = self._believed(answer, now)
        if page is None:
            return Look()
        # The archive first: what is written with the catalog's validator is not asked for again.
        archived = await self._archived() if self._is_due(now) else None
        made_at = http_seconds(answer.last_modified)
        anew = [listing for listing in page.listings if not self._is_settled(listing)]
        listed = [update for each in anew if (update := self._listed(each, now, made_at))]
        look = self._summed(listed, page)
        left = [Update(replace(thread, need="left")) for thread in self._left(page)]
        unseen = [] if archived is None else self._unseen(archived, page)
        desk.write([*listed, *left, *unseen], now, path=self._path, validator=answer.last_modified)
        if archived is not None or not self._is_due(now):
            self._looked_at = now
        return look

    def _believed(self, answer: Answer, now: float) -> CatalogPage | None:
        """The catalog; None where it cannot be believed."""
        desk = self._desk
        if answer.status == NOT_FOUND:
            if desk.holdings.validator(self._path) is None:
                raise ConfigError(
                    f"There is no board /{desk.board}/ at this address. Check source.board.board."
                )
            desk.counts["ignored"] += 1
            return None
        if desk.older(answer, now):
            return None
        page = read_catalog(answer.body, now=now, before=self._read)
        live = sum(thread.state == "live" for thread in desk.threads.values())
        if page is None or not plausible(len(page.numbers), live, doubted=self._doubted):
            self._doubted += 1
            desk.counts["ignored"] += 1
            return None
        self._doubted, self._read = 0, page.read
        self._settled = {no: told for no, told in self._settled.items() if no in page.numbers}
        desk.entries = {listing.entry.no: listing.entry for listing in page.listings}
        desk.listed.update(dict.fromkeys(page.numbers, now))
        return page

    def _is_due(self, now: float) -> bool:
        return self._looked_at is None or now - self._looked_at > _A_WHILE_S

    def _is_settled(self, listing: Listing) -> bool:
        """Whether neither the entry nor its thread has changed since there was nothing new to say.

        An entry that a later catalog could make more of was not settled: `judged` called it stale.
        """
        told, thread = self._settled.get(listing.entry.no), self._desk.threads.get(listing.entry.no)
        return told is not None and told[0] is listing and told[1] is thread

    def _listed(self, listing: Listing, now: float, made_at: float | None) -> Update | None:
        """What the catalog says of one thread; None where that is nothing new."""
        entry = listing.entry
        thread = self._desk.threads.get(entry.no) or self._desk.holdings.thread(entry.no)
        verdict = judged(entry, thread.held if thread else None, made_at=made_at)
        if verdict.stale:
            return None
        known = thread or Thread(entry.no, NOTHING)
        after = changed(known, listing.posts, verdict.changes)
        if verdict.settled:
            after = after.listed(entry, need="", whole=True)
        else:
            whole = verdict.need == "edit" and known.held.whole
            after = replace(after, need=verdict.need, held=replace(after.held, whole=whole), state="live")
        if thread is not None and thread == after:
            self._settled[entry.no] = listing, thread
            return None
        return self._desk.update(replace(after, seen_at=now), verdict.changes, listing.posts)

    def _left(self, page: CatalogPage) -> list[Thread]:
        """Live threads that are listed no more."""
        threads = self._desk.threads.values()
        return [
            each
            for each in threads
            if each.no not in page.numbers and each.state == "live" and each.need != "left"
        ]

    def _summed(self, updates: Sequence[Update], page: CatalogPage) -> Look:
        known = self._desk.threads
        gains = [
            listing.entry.replies - known[listing.entry.no].held.replies
            for listing in page.listings
            if listing.entry.no in known and known[listing.entry.no].held.whole
        ]
        return Look(
            sound=True,
            new_posts=sum(len(update.changes.new) for update in updates),
            most_new=max(gains, default=0),
            window=max((len(listing.entry.window) for listing in page.listings), default=0),
            overflowed=any(update.thread.need == "overflow" for update in updates),
        )

    async def _archived(self) -> frozenset[int] | None:
        """The archived threads: none for a board without an archive, None where it is to be asked again."""
        try:
            answer = await self._desk.ask(self._archive_path, "archive", conditional=False, patience=_TRIES)
        except ServiceError:
            return None
        return frozenset() if answer.status == NOT_FOUND else read_numbers(answer.body)

    def _unseen(self, archived: frozenset[int], page: CatalogPage) -> list[Update]:
        """Archived threads that were never seen, or not to their end."""
        desk = self._desk
        unseen = archived - page.numbers - desk.threads.keys() - desk.holdings.finished()
        held = ((no, desk.holdings.thread(no)) for no in sorted(unseen))
        return [
            Update(replace(known or Thread(no, NOTHING), state="doubtful", need="left")) for no, known in held
        ]
