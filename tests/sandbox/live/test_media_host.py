"""The moving board's files come and go with their posts."""

import io

from PIL import Image

from bizmeme.sandbox.live.happenings import FILE_GONE
from tests.sandbox.live.conftest import small
from tests.sandbox.live.visitor import Visitor, visit

CATALOG = "/biz/catalog.json"


def test_a_file_goes_with_its_post_its_flag_and_its_thread() -> None:
    async def play(visitor: Visitor) -> None:
        posts, begins_at = visitor.stage.timeline.posts, visitor.stage.config.begins_at_s
        deleted = next(
            (event, posts[no])
            for event in visitor.stage.timeline.events
            if event.kind in ("delete", "mark") and event.at > begins_at + 60
            for no in event.nos
            if posts[no].upload is not None and event.mark in (0, FILE_GONE) and posts[no].at < event.at - 20
        )
        event, post = deleted
        assert post.upload is not None
        thumbnail = f"/biz/{post.tim}s.jpg"
        full = f"/biz/{post.tim}{visitor.stage.files.facts(post.upload).ext}"
        await visitor.until(max(post.at, begins_at) + 1)
        for path in (thumbnail, full):
            reply = await visitor.whole(path, host="media")
            assert reply.status == 200
        assert reply.body == visitor.stage.files.data(post.upload)
        assert (await visitor.whole(f"/biz/{post.tim}.pdf", host="media")).status == 404
        await visitor.until(event.at)
        for path in (thumbnail, full):
            assert (await visitor.whole(path, host="media")).status == 404
        assert (await visitor.truth("/_violations"))["total"] == 0

    visit(small("changes.deleted_share=0.2"), play)


def test_a_thumbnail_is_a_jpeg_of_the_size_that_the_json_says() -> None:
    async def play(visitor: Visitor) -> None:
        for entry in (await visitor.whole(CATALOG)).json[0]["threads"][:6]:
            if "tim" not in entry:
                continue
            reply = await visitor.whole(f"/biz/{entry['tim']}s.jpg", host="media")
            with Image.open(io.BytesIO(reply.body)) as image:
                assert (image.format, image.size) == ("JPEG", (entry["tn_w"], entry["tn_h"]))

    visit(small(), play)
