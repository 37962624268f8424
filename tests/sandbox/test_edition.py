"""A changed world without a raised edition would pass for the old one: its journals, its labels."""

import hashlib
from collections import Counter

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.pictures.drawing import draw
from bizmeme.sandbox.words.markup import comment
from bizmeme.sandbox.world import World

# Does one of these fail? Raise `edition` in every conf/sandbox/*.yaml, then pin what the test reports.
EDITION = 2
POSTS = "45b4fe87310f36a2"
PIXELS = "25beba4974128576"


def test_the_small_worlds_posts_are_those_of_its_edition(small: SandboxConfig, world: World) -> None:
    sha = hashlib.sha256()
    for thread in world.threads.values():
        for post in thread.posts:
            com = comment(post.text, post.links, thread_no=post.thread_no)
            row = (post.no, post.posted_at, post.tim, post.topic, post.mood, post.subject, com, post.picture)
            sha.update(repr(row).encode())
        sha.update(repr(thread.archived_on).encode())
    assert (small.edition, sha.hexdigest()[:16]) == (EDITION, POSTS)


def test_the_small_worlds_pixels_are_those_of_its_edition(small: SandboxConfig, world: World) -> None:
    sha, taken = hashlib.sha256(), Counter[object]()
    for post in world.pictured:
        if post.picture:
            kind = (post.picture.scene, post.picture.murky, post.picture.unseen, post.picture.edit)
            taken[kind] += 1
            if taken[kind] <= 2:
                sha.update(draw(post.picture).tobytes())
    assert (small.edition, sha.hexdigest()[:16]) == (EDITION, PIXELS)
