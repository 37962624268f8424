"""The board's JSON: posts, threads, catalog, archive, as the real API writes them.

    {"no":60000412,"now":"10/27/25(Mon)03:12:44","name":"Anonymous","com":"gm","filename":"image",
     "ext":".jpg","w":112,"h":112,"tn_w":112,"tn_h":112,"tim":1761549164123456,"time":1761549164,
     "md5":"…==","fsize":3912,"resto":0,"id":"aB3+/x9Q", …}

A flag is 1 or absent. Archived threads have lost their poster ids.
"""

import base64
import hashlib
import re
from collections.abc import Iterable

from bizmeme.sandbox.dice import digest, pick, share
from bizmeme.sandbox.pictures.gallery import Gallery, thumbnail_size
from bizmeme.sandbox.words.markup import comment, escape, new_york
from bizmeme.sandbox.world import BOARD, Post, Thread, World

Fields = dict[str, object]

THREADS_A_PAGE = 15
_LAST_REPLIES = 5
_NAMELESS_SHARE = 1 / 591  # of posts, in a real catalog
_NO_FILENAME_SHARE = 2 / 817
_FILENAMES = (
    "image",
    "IMG_{n}",
    "17{n}00{n}",
    "Screenshot_{n}",
    "charts & co",
    'the "plan"',
    "don't",
    "pic<3",
)

# The row of /biz/ in two real captures of boards.json; sizes are bytes.
_BOARD_ROW: Fields = {
    "board": BOARD, "title": "Business & Finance", "ws_board": 1, "per_page": THREADS_A_PAGE, "pages": 10,
    "max_filesize": 4194304, "max_webm_filesize": 3145728, "max_comment_chars": 2000,
    "max_webm_duration": 120, "bump_limit": 310, "image_limit": 150,
    "cooldowns": {"threads": 600, "replies": 60, "images": 60},
    "meta_description": "A simulated board about business &amp; finance.", "is_archived": 1, "user_ids": 1,
}  # fmt: skip


def boards() -> Fields:
    """boards.json."""
    return {"boards": [_BOARD_ROW]}


def catalog(world: World, gallery: Gallery) -> list[Fields]:
    """catalog.json: pages of opening posts with their newest replies."""
    entries = [_catalog_entry(thread, gallery) for thread in world.live]
    return [{"page": page, "threads": rows} for page, rows in _pages(entries)]


def threads(world: World) -> list[Fields]:
    """threads.json: the smallest index of live threads."""
    rows: list[Fields] = [
        {"no": thread.no, "last_modified": thread.modified_at, "replies": len(thread.posts) - 1}
        for thread in world.live
    ]
    return [{"page": page, "threads": listed} for page, listed in _pages(rows)]


def archive(shown: Iterable[Thread]) -> list[int]:
    """archive.json: numbers of the archived threads, not sorted, as in the official example."""
    archived = (thread.no for thread in shown if thread.archived_on is not None)
    return sorted(archived, key=lambda no: digest("archive", no))


def thread(shown: Thread, gallery: Gallery) -> Fields:
    """thread/{no}.json: the opening post with the thread's state, then every reply."""
    return {"posts": [_opening(shown, gallery), *(_post(post, shown, gallery) for post in shown.posts[1:])]}


def _pages(rows: list[Fields]) -> list[tuple[int, list[Fields]]]:
    starts = range(0, len(rows), THREADS_A_PAGE)
    return [(1 + start // THREADS_A_PAGE, rows[start : start + THREADS_A_PAGE]) for start in starts]


def _catalog_entry(shown: Thread, gallery: Gallery) -> Fields:
    entry, replies = _opening(shown, gallery), shown.posts[1:]
    hidden, last = replies[:-_LAST_REPLIES], replies[-_LAST_REPLIES:]
    if hidden:
        entry["omitted_posts"] = len(hidden)
        entry["omitted_images"] = sum(post.picture is not None for post in hidden)
    if last:
        entry["last_replies"] = [_post(post, shown, gallery) for post in last]
    return entry | {"last_modified": shown.modified_at}


def _opening(shown: Thread, gallery: Gallery) -> Fields:
    state: Fields = {"bumplimit": 0, "imagelimit": 0, "semantic_url": _slug(shown.posts[0])}
    state["replies"] = len(shown.posts) - 1
    state["images"] = sum(post.picture is not None for post in shown.posts[1:])
    if shown.archived_on is not None:
        state |= {"closed": 1, "archived": 1, "archived_on": shown.archived_on}
    return _post(shown.posts[0], shown, gallery) | state


def _slug(post: Post) -> str:
    words = re.findall(r"[a-z0-9]+", (post.subject or post.text).lower())
    return "-".join(words[:8]) or str(post.no)


def _post(post: Post, shown: Thread, gallery: Gallery) -> Fields:
    """The fields of one post; those without a value are left out."""
    fields: Fields = {"no": post.no, "now": new_york(post.posted_at)}
    if share("name", post.key) >= _NAMELESS_SHARE:
        fields["name"] = "Anonymous"
    if post.subject:
        fields["sub"] = escape(post.subject)
    if com := comment(post.text, post.links, thread_no=post.thread_no):
        fields["com"] = com
    fields |= _file(post, gallery)
    fields |= {"time": post.posted_at, "resto": 0 if post.opens else post.thread_no}
    if shown.archived_on is None:
        fields["id"] = _poster_id(post)
    return fields


def _file(post: Post, gallery: Gallery) -> Fields:
    """A file's keys; a deleted one leaves nothing but the flag."""
    if post.picture is None:
        return {"filedeleted": 1} if post.oddity == "deleted" else {}
    file = gallery.file(post.picture)
    width, height = thumbnail_size(post.picture, longest_px=thumbnail_px(post))
    return {
        "filename": escape(filename(post)),
        "ext": post.picture.ext,
        "w": file.width_px,
        "h": file.height_px,
        "tn_w": width,
        "tn_h": height,
        "tim": post.tim,
        "md5": file.md5,
        "fsize": len(file.data),
    }


def thumbnail_px(post: Post) -> int:
    """The longest side of a post's thumbnail."""
    return 250 if post.opens else 125


def filename(post: Post) -> str:
    """What the poster's file was called, without its end."""
    if share("unnamed", post.key) < _NO_FILENAME_SHARE:
        return ""
    number = str(1000 + digest("filename number", post.key) % 9000)
    return pick(_FILENAMES, "filename", post.key).replace("{n}", number)


def _poster_id(post: Post) -> str:
    """Eight characters, the same for one poster within one thread."""
    name = f"poster {post.thread_no} {post.poster}"
    return base64.b64encode(hashlib.sha256(name.encode()).digest()[:6]).decode()
