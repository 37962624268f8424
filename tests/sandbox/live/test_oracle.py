"""The oracle says of a log what a reader of the very answers finds in them, in a world full of trouble."""

import json
from typing import Any

from bizmeme.sandbox.live.config import LiveConfig
from bizmeme.sandbox.live.knowable import due, histories
from bizmeme.sandbox.live.process import load
from bizmeme.sandbox.live.revealed import polls, revealed
from bizmeme.sandbox.live.stage import Answer
from tests.sandbox.live.conftest import DAY, SMALL
from tests.sandbox.live.visitor import Visitor, visit
from tests.sandbox.web import Reply

CATALOG = "/biz/catalog.json"
OF_THREADS = {
    "bumplimit", "imagelimit", "semantic_url", "replies", "images", "sticky", "sticky_cap", "closed",
    "archived", "archived_on", "tail_size", "omitted_posts", "omitted_images", "last_modified",
    "last_replies", "id",
}  # fmt: skip


class Reader:
    """Believes every sound answer, and asks for a thread where a catalog shows that it changed."""

    def __init__(self) -> None:
        self.posts: dict[int, dict[str, Any]] = {}
        self.gone: set[int] = set()
        self.rows: dict[int, tuple[int, int]] = {}
        self.pages: list[tuple[str, Reply]] = []

    def read(self, posts: list[dict[str, Any]], *, whole: bool) -> None:
        """An opening post, and the last replies or all."""
        opening, *replies = posts
        shown = {post["no"] for post in posts}
        capped = "sticky_cap" in opening
        since = min((post["no"] for post in replies), default=0) if capped or not whole else 0
        for no, post in self.posts.items():
            if post["resto"] == opening["no"] and no not in shown and no >= since:
                self.gone.add(no)
        self.gone -= shown
        for post in posts:
            self.posts[post["no"]] = {key: post[key] for key in post.keys() - OF_THREADS}

    def catalog(self, body: bytes) -> list[int]:
        """The threads that changed since the catalog before."""
        rows = {}
        for page in json.loads(body):
            for entry in page["threads"]:
                rows[entry["no"]] = (entry["last_modified"], entry["replies"])
                self.read([entry, *entry.get("last_replies", [])], whole="omitted_posts" not in entry)
        changed = [no for no, row in rows.items() if self.rows.get(no, row) != row]
        left = [no for no in self.rows if no not in rows]
        self.rows = rows
        return changed[:3] + left


def config() -> LiveConfig:
    return load(
        DAY,
        [
            *SMALL,
            "hours=3",
            "changes.deleted_share=0.1",
            "changes.banned_share=0.05",
            "changes.sweeps_per_day=96",
            "changes.broken_per_day=24",
            "changes.removed_per_day=48",
            "trouble.rollback_share=0.1",
            "trouble.empty_share=0.05",
            "trouble.page_share=0.05",
            "trouble.torn_share=0.05",
            "rules.min_interval_s=0",
            "rules.thread_interval_s=0",
        ],
    )


async def collect(visitor: Visitor, reader: Reader) -> None:
    """Three hours of polls; what is not sound is recognised by the log, which a collector does not have."""
    for _ in range(180):
        await visitor.sleep(60)
        reply = await visitor.get(CATALOG, pause=0)
        if reply is None or visitor.stage.log[-1].trouble:
            continue
        for no in reader.catalog(reply.body):
            thread = await visitor.get(f"/biz/thread/{no}.json", pause=0.1)
            if thread is not None and thread.status == 200 and not visitor.stage.log[-1].trouble:
                posts = thread.json["posts"]
                if "no" in posts[0]:
                    reader.read(posts, whole=True)


def test_it_knows_the_posts_their_contents_and_their_deletions_that_the_answers_showed() -> None:
    async def play(visitor: Visitor) -> None:
        reader, stage = Reader(), visitor.stage
        await collect(visitor, reader)
        log = [Answer(*row) for row in await visitor.truth("/_log")]
        assert log == stage.log
        known = revealed(log, stage.timeline, stage.config)
        assert known.posts.keys() == reader.posts.keys()
        assert {no for no, post in known.posts.items() if post.gone} == reader.gone
        for no, post in known.posts.items():
            last = stage.renderer.fields(stage.timeline.posts[no], post.versions[-1], with_id=False)
            assert last == reader.posts[no]
        assert len(reader.gone) > 25
        assert sum(len(post.versions) > 1 for post in known.posts.values()) > 25
        assert {"listed", "left", "archived", "malformed", "gone"} <= set(known.threads.values())
        wanted = due(histories(stage.timeline, stage.config), polls(log))
        assert len(wanted - known.posts.keys()) < 0.2 * len(
            wanted
        )  # this reader looks at three threads a poll
        assert len(wanted) > 500

    visit(config(), play)
