"""What a vision API thinks of a post: one simulated mind a vendor, whatever endpoint it is asked at."""

from typing import Literal

from bizmeme.sandbox.moods import MOODS
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.strangers import speaking
from bizmeme.sandbox.strangers.listening import Heard
from bizmeme.sandbox.strangers.people import Impression, stranger
from bizmeme.sandbox.strangers.speaking import Opinion

Vendor = Literal["openai", "gemini"]
_MINDS = {"openai": "labeller", "gemini": "gemini"}  # what their errors hang on


def form(backstage: Backstage, vendor: Vendor, heard: Heard) -> Opinion:
    """What it thinks of what it was shown, or was told to think. Raises OSError where the picture is none."""
    seen = backstage.reader.look(heard.image, heard.text)
    best = backstage.reader.judge(seen)
    accuracy = getattr(backstage.config.labellers, vendor)
    labeller = stranger(backstage.config, _MINDS[vendor], error=1 - accuracy)
    label = labeller.answer(best, seen)
    if heard.order in MOODS:
        label = next(mood for mood in MOODS if mood == heard.order)
    odds = speaking.odds(label, best=best, content=f"{labeller.who} {seen.content}")
    return Opinion(label, odds, _rationale(seen))


def _rationale(seen: Impression) -> str:
    shown = f"The picture shows {seen.picture.scene}" if seen.picture else "The picture tells nothing"
    return f"{shown}; the text speaks of {seen.reading.topic}."
