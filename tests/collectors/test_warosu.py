"""The archive of the sandbox, walked: every page kept, nothing asked twice, a later walk goes on."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors.warosu import build
from bizmeme.collectors.warosu.reach import Reach
from bizmeme.core.stretches import Stretch
from bizmeme.errors import MarkupError
from bizmeme.ports.sources import Page
from bizmeme.sandbox.building import build as build_world
from bizmeme.sandbox.config_serving import Fault
from bizmeme.sandbox.process import running
from bizmeme.shell.collecting import Collecting, Means, Progress
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.sources.warosu import Config, Warosu
from bizmeme.sources.warosu.reader import Tally
from tests.sandbox.conftest import load
from tests.sandbox.web import fetch_json

CONF = Path(__file__).parents[2] / "conf"
SOURCE: Any = OmegaConf.to_container(OmegaConf.load(CONF / "source" / "warosu.yaml").warosu)
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF / "collect" / "default.yaml"))
WORLD = load("small")
ORIGIN, NAME = "world", "warosu/biz"


def serving(*faults: Fault) -> Any:
    """The small world; whoever asks twice a second is answered 429."""
    return running(WORLD.model_copy(update={"serving": WORLD.serving.model_copy(update={"faults": faults})}))


@pytest.fixture(scope="module")
def addresses() -> Iterator[Mapping[str, str]]:
    with serving() as found:
        yield found


def config(addresses: Mapping[str, str], **changes: Any) -> Config:
    urls = {"base_url": addresses["warosu"], "media_url": addresses["warosu"]}
    return Config.model_validate(SOURCE | urls | {"pages": None} | changes)


def walk(
    addresses: Mapping[str, str], home: Path, *kinds: str, stop_at: int | None = None, **changes: Any
) -> Counter[str]:
    """One walk; its counts. `stop_at`: Ctrl-C comes once so many posts were found."""
    how = Collecting.model_validate(VALUES | {"kinds": kinds})
    told: list[Progress] = []

    async def run() -> None:
        task = asyncio.current_task()

        def tell(progress: Progress) -> None:
            told.append(progress)
            if task and stop_at is not None and progress.counts["posts"] >= stop_at and not task.cancelling():
                task.cancel()

        clock = SimulatedClock(addresses["clock"])
        with open_journal(home, ORIGIN) as journal:
            async with visiting(how.manners, home / "hosts") as visit, clock.session() as timer:
                means = Means(visit, journal, MediaStore(home / "media"), timer)
                await build(config(addresses, **changes)).collect(means, how, tell)

    with suppress(asyncio.CancelledError):
        asyncio.run(run())
    return told[-1].counts


def kept(home: Path) -> list[Page]:
    with open_journal(home, ORIGIN) as journal:
        return [held.page for held in journal.pages(NAME)]


def test_a_walk_holds_every_post_and_a_mended_parser_would_ask_for_nothing(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    counts = walk(addresses, tmp_path)
    posts = list(Warosu(config(addresses)).read((), kept(tmp_path)))
    world = build_world(WORLD)
    shown = {post.no for thread in world.threads.values() for post in thread.posts}
    assert {post.no for post in posts if not post.deleted} == shown
    assert counts["posts"] == len(posts)
    assert "429" not in fetch_json(f"{addresses['warosu']}/_counts")["statuses"]


def test_a_walk_forward_asks_for_the_newest_alone_and_what_is_settled_is_never_asked_again(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    first, again = walk(addresses, tmp_path), walk(addresses, tmp_path)
    forward = walk(addresses, tmp_path, mode="continue")
    assert again["requests"] < first["requests"] / 3
    assert forward["requests"] <= again["requests"]
    backward = walk(addresses, tmp_path, mode="backfill")
    assert backward["posts"] == 0


def test_pictures_come_once_ever_as_thumbnails_or_whole(addresses: Mapping[str, str], tmp_path: Path) -> None:
    days: dict[str, Any] = {"from": "2025-10-13", "to": "2025-10-14"}
    first = walk(addresses, tmp_path, "thumbnail", **days)
    assert first["files"] > 5
    assert walk(addresses, tmp_path, "thumbnail", **days)["files"] == 0
    both = walk(addresses, tmp_path, "thumbnail", "file", **days)
    with open_journal(tmp_path, ORIGIN) as journal:
        rows = journal.database.execute("SELECT kind, status, COUNT(*) FROM media GROUP BY 1, 2").fetchall()
    files = Counter({status: count for kind, status, count in rows if kind == "file"})
    assert files.total() >= first["files"]  # every page held shows some posts of other days, too
    assert both["file ok"] == files["ok"]
    again = files["truncated"] + files["empty"] + files["wanted"]  # each in the walk's second round
    assert both["files"] == files.total() + again
    assert {kind for kind, status, count in rows if status == "ok" and count} == {"thumbnail", "file"}
    assert walk(addresses, tmp_path, "thumbnail", "file", **days)["file ok"] == 0


def test_only_what_a_walk_finished_is_covered_and_nothing_that_is_yet_to_come(tmp_path: Path) -> None:
    with open_journal(tmp_path, ORIGIN) as journal:
        reach = Reach(journal, NAME, kinds=())
        assert (reach.covered(), reach.oldest()) == ([], None)
        reach.walked(Tally(oldest=(50, 5)), begun_at=90)
        assert (reach.covered(), reach.oldest()) == ([], (50, 5))
        reach.walked(Tally(oldest=(60, 6), covered=[Stretch(20, 30), Stretch(5, 8)]), begun_at=90)
        assert (reach.covered(), reach.oldest()) == ([(5, 8), (20, 30)], (50, 5))
        reach.walked(Tally(oldest=(20, 2), covered=[Stretch(-math.inf, 5), Stretch(30, 4_000)]), begun_at=90)
        assert (reach.covered(), reach.oldest()) == ([(0, 8), (20, 90)], (20, 2))


def test_ctrl_c_shows_what_was_found_and_backfill_goes_on_from_there(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    cut = walk(addresses, tmp_path, stop_at=100)
    assert cut["posts"] >= 100
    assert cut["requests"] > 0
    with open_journal(tmp_path, ORIGIN) as journal:
        assert Reach(journal, NAME, kinds=()).covered() == []
    rest = walk(addresses, tmp_path, mode="backfill")
    whole = {post.no for post in Warosu(config(addresses)).read((), kept(tmp_path))}
    assert cut["posts"] + rest["posts"] >= len(whole)
    assert cut["posts"] < len(whole)


def test_a_continued_walk_fills_the_days_that_no_walk_covered(
    addresses: Mapping[str, str], tmp_path: Path
) -> None:
    for first, last in (("2025-10-10", "2025-10-11"), ("2025-10-16", "2025-10-17")):
        days: dict[str, Any] = {"from": first, "to": last}
        walk(addresses, tmp_path, **days)
    walk(addresses, tmp_path, mode="continue")
    posts = list(Warosu(config(addresses)).read((), kept(tmp_path)))
    world = build_world(WORLD)
    begins = datetime(2025, 10, 10, tzinfo=UTC).timestamp()
    shown = {
        post.no for thread in world.threads.values() for post in thread.posts if post.posted_at >= begins
    }
    assert len(shown) > 500
    assert shown <= {post.no for post in posts}
    with open_journal(tmp_path, ORIGIN) as journal:
        (covered,) = Reach(journal, NAME, kinds=()).covered()
    assert covered.begins_s == begins


def test_a_challenge_is_asked_for_again_and_kept_nowhere(tmp_path: Path) -> None:
    with serving(Fault(server="warosu", trouble="garbage", after=1, times=2, share=1)) as addresses:
        counts = walk(addresses, tmp_path, pages=1)
    assert counts["busy"] == 2
    assert counts["posts"] > 0
    assert not [page for page in kept(tmp_path) if b"Just a moment" in page.body]


def test_a_page_whose_markup_has_changed_is_kept_and_ends_the_walk(
    addresses: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(_: Warosu, page: Page) -> None:
        raise MarkupError(f"The markup of {page.path} has changed.")

    monkeypatch.setattr(Warosu, "page", changed)
    with pytest.raises(MarkupError, match="has changed"):
        walk(addresses, tmp_path)
    with open_journal(tmp_path, ORIGIN) as journal:
        (held,) = journal.pages(NAME)
    assert held.page.path.endswith("#changed")
    assert b"<" in held.page.body
