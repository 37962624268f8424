"""The moving board on the wire: validators, threads that come and go, and rules."""

import itertools

from bizmeme.sandbox.live.happenings import Event
from bizmeme.sandbox.live.rendering import MALFORMED
from tests.sandbox.live.conftest import small
from tests.sandbox.live.visitor import CONTACT, Visitor, visit
from tests.sandbox.web import Reply

CATALOG = "/biz/catalog.json"


def soon(visitor: Visitor, kind: str) -> Event:
    """The first such event after the clock's beginning."""
    begins_at = visitor.stage.config.begins_at_s
    return next(each for each in visitor.stage.timeline.events if each.kind == kind and each.at > begins_at)


def path_of(no: int) -> str:
    return f"/biz/thread/{no}.json"


def test_nothing_changed_is_said_to_exactly_the_validator_that_was_given() -> None:
    async def play(visitor: Visitor) -> None:
        thread_no = max(visitor.stage.board.live)
        for path in (CATALOG, "/biz/threads.json", "/biz/archive.json", path_of(thread_no), "/boards.json"):
            first = await visitor.whole(path, pause=11)
            validator = first.headers["Last-Modified"]
            again = await visitor.get(path, pause=0, since=validator)
            assert again is not None
            assert (again.status, again.body) == (304, b"")
            for other in (validator.replace("GMT", "UTC"), "Fri, 01 Jan 2100 00:00:00 GMT"):
                full = await visitor.get(path, pause=0, since=other)
                assert full is not None
                assert (full.status, full.body) == (200, first.body)
        assert (await visitor.truth("/_violations"))["by_host"]["board"] == {"validator": 10}

    visit(small("rules.min_interval_s=0", "rules.thread_interval_s=0"), play)


def test_a_changed_catalog_is_given_whole() -> None:
    async def play(visitor: Visitor) -> None:
        first = await visitor.whole(CATALOG)
        await visitor.sleep(600)
        later = await visitor.get(CATALOG, since=first.headers["Last-Modified"])
        assert later is not None
        assert later.status == 200
        assert later.body != first.body

    visit(small(), play)


def test_what_happens_outside_of_the_index_leaves_it_unchanged() -> None:
    async def play(visitor: Visitor) -> None:
        events = visitor.stage.timeline.events
        before, event = next(
            pair
            for pair in itertools.pairwise(events)
            if pair[1].kind == "purge" and pair[1].at > visitor.stage.config.begins_at_s + 60
        )
        await visitor.until(before.at)
        index, archive = [await visitor.whole(path, pause=0) for path in (CATALOG, "/biz/archive.json")]
        await visitor.until(event.at)
        again = await visitor.get(CATALOG, pause=0, since=index.headers["Last-Modified"])
        shorter = await visitor.get("/biz/archive.json", pause=0, since=archive.headers["Last-Modified"])
        assert again is not None
        assert shorter is not None
        assert (again.status, shorter.status) == (304, 200)

    visit(small("rules.min_interval_s=0"), play)


def test_a_swept_thread_has_fewer_replies_and_an_unmoved_last_modified() -> None:
    async def play(visitor: Visitor) -> None:
        swept = soon(visitor, "sweep")
        rows = []
        for at in (swept.at - 0.001, swept.at):
            await visitor.until(at)
            index = (await visitor.whole("/biz/threads.json", pause=0)).json
            rows += [row for page in index for row in page["threads"] if row["no"] == swept.thread_no]
        before, after = rows
        assert before["last_modified"] == after["last_modified"]
        assert before["replies"] - after["replies"] == len(swept.nos) >= 2

    visit(small("changes.sweeps_per_day=48", "rules.min_interval_s=0"), play)


def test_an_archived_thread_is_kept_for_its_time_and_then_gone() -> None:
    async def play(visitor: Visitor) -> None:
        event = soon(visitor, "archive")
        await visitor.until(event.at)
        assert event.thread_no in (await visitor.whole("/biz/archive.json")).json
        opening = (await visitor.whole(path_of(event.thread_no))).json["posts"][0]
        assert (opening["archived"], opening["archived_on"]) == (1, int(event.at))
        assert (
            await visitor.whole(path_of(event.thread_no).replace(".json", "-tail.json"), pause=10)
        ).status == 404
        kept_s = 86_400 * visitor.stage.config.wire.archive_days
        await visitor.until(event.at + kept_s - 1)
        assert (await visitor.whole(path_of(event.thread_no), pause=0)).status == 200
        await visitor.until(event.at + kept_s)
        assert event.thread_no not in (await visitor.whole("/biz/archive.json")).json
        assert (await visitor.whole(path_of(event.thread_no), pause=9)).status == 404

    visit(small(), play)


def test_removed_moved_hidden_and_broken_threads_leave_the_index_each_in_its_own_way() -> None:
    async def play(visitor: Visitor) -> None:
        answers: dict[str, Reply] = {}
        for kind in ("remove", "move", "hide", "break"):
            await visitor.until(max(visitor.stage.clockwork.now, soon(visitor, kind).at))
            no = soon(visitor, kind).thread_no
            index = (await visitor.whole("/biz/threads.json")).json
            assert no not in {row["no"] for page in index for row in page["threads"]}
            assert no not in (await visitor.whole("/biz/archive.json")).json
            answers[kind] = await visitor.whole(path_of(no))
        assert (answers["remove"].status, answers["move"].status) == (404, 404)
        assert answers["remove"].headers["Content-Type"].startswith("text/html")
        assert "archived" not in answers["hide"].json["posts"][0]
        assert (answers["break"].status, answers["break"].body) == (200, MALFORMED)

    often = [f"changes.{kind}_per_day=12" for kind in ("removed", "moved", "hidden", "broken")]
    visit(small(*often, "changes.returned_share=0", "changes.forgotten_after_h=9"), play)


def test_a_thread_that_returns_stands_in_the_index_again() -> None:
    async def play(visitor: Visitor) -> None:
        event = soon(visitor, "return")
        await visitor.until(event.at)
        index = (await visitor.whole("/biz/threads.json")).json
        assert event.thread_no in {row["no"] for page in index for row in page["threads"]}

    visit(small("changes.removed_per_day=24", "changes.returned_share=1"), play)


def test_each_broken_rule_is_counted_where_it_was_broken_and_refused_with_429() -> None:
    async def play(visitor: Visitor) -> None:
        no = max(visitor.stage.board.live)
        assert (await visitor.whole(path_of(no))).status == 200
        for pause, host, path, agent in (
            (0.5, "board", CATALOG, CONTACT),
            (3.0, "board", path_of(no), CONTACT),
            (1.0, "board", CATALOG, ""),
            (1.0, "board", CATALOG, "Mozilla/5.0"),
            (1.0, "media", "/biz/1s.jpg", "Mozilla/5.0"),
        ):
            reply = await visitor.get(path, host=host, pause=pause, agent=agent)
            assert reply is not None
            assert (reply.status, int(reply.headers["Retry-After"]) >= 1) == (429, True)
        for path, status in (
            ("/biz/catalog.json?v=1", 200),
            ("/wp-login.php", 404),
            ("/pol/catalog.json", 404),
        ):
            assert (await visitor.whole(path, pause=20)).status == status
        refused = await visitor.get(CATALOG, method="POST")
        assert refused is not None
        assert refused.status == 429
        assert await visitor.get("/biz/any", host="elsewhere") is not None
        told = await visitor.truth("/_violations")
        assert told["by_host"] == {
            "board": dict.fromkeys(
                ("followed", "hurried", "method", "no_contact", "query", "same_thread", "unknown", "unnamed"),
                1,
            ),
            "media": {"no_contact": 1},
        }
        assert told["total"] == 9 == len(told["examples"])

    visit(small(), play)


def test_a_polite_visitor_of_three_hours_breaks_no_rule_and_every_answer_is_logged() -> None:
    async def play(visitor: Visitor) -> None:
        validators: dict[str, str] = {}
        for _ in range(180):
            for path in (CATALOG, path_of(max(visitor.stage.board.live))):
                reply = await visitor.get(path, since=validators.get(path))
                assert reply is not None
                assert reply.status in (200, 304)
                validators[path] = reply.headers["Last-Modified"]
            await visitor.sleep(58)
        assert await visitor.truth("/_violations") == {
            "total": 0,
            "by_host": {"board": {}, "media": {}},
            "examples": [],
        }
        log = await visitor.truth("/_log")
        assert len(log) == 360
        assert [row[0] for row in log] == sorted(row[0] for row in log)
        assert all(row[0] == row[4] and row[5] == "" for row in log)
        assert await visitor.truth("/_log?since=350") == log[350:]
        counted = (await visitor.whole("/_counts", pause=0)).json
        assert sum(counted["routes"].values()) == 360

    visit(small(), play)


def test_a_day_of_polls_is_known_to_the_truth() -> None:
    async def play(visitor: Visitor) -> None:
        known = await visitor.truth("/_knowable?interval_s=60")
        assert known["polls"] == 181
        posts = {post["no"]: post for post in known["posts"]}
        board = visitor.stage.board
        listed = {no for thread in board.live for no in board.threads[thread].shown}
        assert listed <= posts.keys()
        assert 0.97 < sum(post["due"] for post in posts.values()) / len(posts) < 1
        edited = [post for post in posts.values() if len(post["versions"]) > 1]
        assert edited

    visit(small("changes.deleted_after_min=2"), play)
