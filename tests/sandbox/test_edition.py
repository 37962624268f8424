"""A changed world without a raised edition would pass for the old one: its journals, its labels."""

import hashlib

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.drawing import draw
from bizmeme.sandbox.markup import comment
from bizmeme.sandbox.moods import SCENES
from bizmeme.sandbox.world import World

# Does one of these fail? Raise `edition` in every conf/sandbox/*.yaml, then pin what the test reports.
EDITION = 1
POSTS = "cd141c506a0ab191"
PIXELS = "66659c7ea0347ad6"


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
    sha = hashlib.sha256()
    for scene in SCENES:
        pictures = [post.picture for post in world.pictured if post.picture and post.picture.scene == scene]
        for picture in pictures[:4]:
            sha.update(draw(picture).tobytes())
    assert (small.edition, sha.hexdigest()[:16]) == (EDITION, PIXELS)
