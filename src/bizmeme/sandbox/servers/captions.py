"""Captioned pictures for the tiny base, on loopback: GET /captions?offset=0&limit=100.

    {"total": 6000, "captions": [{"image": "<base64>", "text": "gm", "scene": "climb", "face": "pink",
                                  "topic": "chat"}, …]}

Drawn from another seed than the posts, evenly over scenes and topics; a caption never carries a mood.
"""

import base64

from aiohttp import web

from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.dice import happens, stream
from bizmeme.sandbox.moods import NO_TEXT, SCENES, TOPICS
from bizmeme.sandbox.pictures.gallery import encoded
from bizmeme.sandbox.servers.common import Backstage, application, as_json
from bizmeme.sandbox.uploads import paint
from bizmeme.sandbox.words import wording
from bizmeme.sandbox.words.wording import Saying

_LARGEST_PAGE = 500


def app(backstage: Backstage) -> web.Application:
    """The server."""
    total = backstage.config.captions.count

    async def captions(request: web.Request) -> web.Response:
        offset, limit = request.query.get("offset", "0"), request.query.get("limit", "100")
        if not (offset.isdecimal() and limit.isdecimal() and 1 <= int(limit) <= _LARGEST_PAGE):
            reason = f"offset must be 0 or more, limit 1 to {_LARGEST_PAGE}, not {offset!r} and {limit!r}"
            return as_json({"error": reason}, status=400)
        page = range(int(offset), min(int(offset) + int(limit), total))
        return as_json({"total": total, "captions": [caption(backstage.config, index) for index in page]})

    return application(backstage, [web.get("/captions", captions)])


def caption(config: SandboxConfig, index: int) -> dict[str, str]:
    """The caption of that index: hard ones among them, nothing that is new in the last period."""
    key = f"{config.seed + config.captions.seed_offset}.caption.{index}"
    dice = stream(key)
    scene, topic = dice.choice(list(SCENES)), dice.choice(list(TOPICS))
    picture = paint(key, scene, dice, murky=happens(dice, config.captions.murky_share))
    saying = Saying(
        topic,
        period=dice.randrange(max(1, len(config.world.periods) - 1)),
        muddled=topic != NO_TEXT and happens(dice, config.captions.muddled_share),
    )
    return {
        "image": base64.b64encode(encoded(picture)).decode(),
        "text": wording.compose(saying, dice),
        "scene": scene,
        "face": picture.face,
        "topic": topic,
    }
