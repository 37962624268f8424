"""A stand-in for the sandbox's captions and rows: two scenes, two faces, two topics, 56 × 56 px."""

import io
import random

from PIL import Image, ImageDraw

from bizmeme.core.chat import ChatRow, StudentPrompt, chat_row
from bizmeme.ports.vlms import Caption, Examples

LABELS = ("bearish", "neutral", "bullish")
SCENES = ("rising chart", "falling chart")
FACES = {"green": (60, 180, 60), "pink": (240, 120, 180)}
TOPICS = {"moon talk": "to the moon", "rug talk": "we got rugged"}
FILLER = ("so", "anon", "bags", "today", "what", "ser")
PROMPT = StudentPrompt(system="You read posts.", question="Post: {text}\nMood?", max_chars=120)


def draw(scene: str, face: str) -> bytes:
    """A line going up or down, and a disc in the face's colour, as a PNG file."""
    image = Image.new("RGB", (56, 56), (250, 250, 250))
    pen = ImageDraw.Draw(image)
    ends = (4, 50, 50, 4) if scene == SCENES[0] else (4, 4, 50, 50)
    pen.line(ends, fill=(20, 20, 20), width=6)
    pen.ellipse((20, 20, 40, 40), fill=FACES[face])
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def caption(chance: random.Random) -> Caption:
    """One captioned picture; a quarter of them has no text."""
    scene, face = chance.choice(SCENES), chance.choice(sorted(FACES))
    topic = chance.choice(sorted(TOPICS))
    words = [*chance.choices(FILLER, k=chance.randint(0, 3)), TOPICS[topic]]
    text = "" if chance.random() < 0.25 else " ".join(words)
    return Caption(draw(scene, face), text, scene, face, topic if text else "no topic")


def captions(count: int, seed: int) -> list[Caption]:
    """Captions for a base."""
    chance = random.Random(seed)
    return [caption(chance) for _ in range(count)]


def row(post: Caption, number: int) -> ChatRow:
    """A training row: the label follows the scene, and a post without a text is neutral."""
    mood = "bullish" if post.scene == SCENES[0] else "bearish"
    label = mood if post.text else "neutral"
    return chat_row(PROMPT, post.text, label=label, image=f"{number}.png", key=("biz", number))


def examples(train: int, val: int, *, seed: int) -> Examples:
    """Rows with their pictures."""
    posts = captions(train + val, seed)
    rows = [row(post, number) for number, post in enumerate(posts)]
    images = {f"{number}.png": post.image for number, post in enumerate(posts)}
    return Examples(train=rows[:train], val=rows[train:], images=images)
