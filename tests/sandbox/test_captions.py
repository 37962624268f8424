"""Captions and truth over the wire."""

import asyncio
import base64
import io
from collections import Counter

import aiohttp
import pytest
from PIL import Image

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.moods import MOODS, SCENES, TABLE, TOPICS
from bizmeme.sandbox.pictures.faces import FACES
from bizmeme.sandbox.pictures.sight import Sight
from bizmeme.sandbox.servers.captions import caption
from bizmeme.sandbox.state import Addresses
from bizmeme.sandbox.words.phrases import read
from bizmeme.sandbox.world import World
from tests.sandbox.web import fetch_json, get


def test_captions_come_in_pages(addresses: Addresses, small: SandboxConfig) -> None:
    first = fetch_json(f"{addresses['captions']}/captions?offset=0&limit=7")
    assert (first["total"], len(first["captions"])) == (small.captions.count, 7)
    last = fetch_json(f"{addresses['captions']}/captions?offset={small.captions.count - 2}&limit=7")
    assert len(last["captions"]) == 2
    again = fetch_json(f"{addresses['captions']}/captions?offset=3&limit=1")
    assert again["captions"] == first["captions"][3:4]


@pytest.mark.parametrize("query", ["offset=-1", "limit=0", "limit=9999", "offset=one"])
def test_a_page_that_cannot_be_is_refused(addresses: Addresses, query: str) -> None:
    async def visit() -> int:
        async with aiohttp.ClientSession() as session:
            return (await get(session, f"{addresses['captions']}/captions?{query}")).status

    assert asyncio.run(visit()) == 400


def test_a_caption_says_what_is_seen_and_never_a_mood(small: SandboxConfig) -> None:
    for index in range(100):
        shown = caption(small, index)
        assert shown.keys() == {"image", "text", "scene", "face", "topic"}
        assert shown["scene"] in SCENES
        assert shown["face"] in FACES
        assert read(shown["text"]).topic == shown["topic"]
        assert not read(shown["text"]).unseen
        assert not set(MOODS) & {shown["scene"], shown["face"], shown["topic"]}
        Image.open(io.BytesIO(base64.b64decode(shown["image"]))).load()


def test_captions_are_spread_evenly_over_scenes_and_topics(small: SandboxConfig) -> None:
    shown = [caption(small, index) for index in range(400)]
    for key, words in (("scene", SCENES), ("topic", TOPICS), ("face", FACES)):
        counts = Counter(one[key] for one in shown)
        assert len(counts) == len(words)
        assert min(counts.values()) > 0.5 * 400 / len(words)


def test_no_caption_shows_a_posts_picture(small: SandboxConfig, world: World) -> None:
    sight = Sight([post.picture for post in world.pictured if post.picture])
    images = [base64.b64decode(caption(small, index)["image"]) for index in range(100)]
    assert [image for image in images if sight.recognise(image)] == []


def test_the_truth_names_every_post_with_a_picture(addresses: Addresses, world: World) -> None:
    truth = fetch_json(addresses["truth"] + "/truth")
    assert [row["no"] for row in truth["posts"]] == [post.no for post in world.pictured]
    assert all(row["mood"] == TABLE[row["scene"], row["topic"]] for row in truth["posts"])
    assert truth["ceilings"].keys() == {"text", "image", "both"}
