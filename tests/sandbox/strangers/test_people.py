"""How strangers err: at the asked rate, together on hard posts, and in no cell mostly."""

import base64
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache

import pytest

from bizmeme.core.prompts import fenced_post
from bizmeme.core.settling import settle
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.moods import MOODS, NO_TEXT
from bizmeme.sandbox.pictures.gallery import Gallery
from bizmeme.sandbox.strangers.listening import listen
from bizmeme.sandbox.strangers.people import Impression, Reader, stranger
from bizmeme.sandbox.strangers.studio import _seen, control_of
from bizmeme.sandbox.words.copypasta import Copypasta
from bizmeme.sandbox.words.phrases import read
from bizmeme.sandbox.world import Post
from tests.sandbox.conftest import load


@pytest.fixture(scope="module")
def config() -> SandboxConfig:
    return load("default")


@pytest.fixture(scope="module")
def posts(config: SandboxConfig) -> list[Post]:
    """Every sound post of the default world."""
    everything = build(config).pictured
    return [post for post in everything if post.picture and not post.picture.flaw and not post.oddity]


@cache
def seen(post: Post) -> Impression:
    """What a stranger makes of a post that was sent whole; recognising pictures is test_sight.py's matter."""
    return Impression(post.picture, read(post.text), post.copypasta.key if post.copypasta else post.text)


def errors(config: SandboxConfig, posts: Iterable[Post], who: str, error: float) -> list[bool]:
    """Whether they err, post by post."""
    someone = stranger(config, who, error=error)
    return [someone.answer(post.mood, seen(post)) != post.mood for post in posts if post.mood]


def share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def test_the_labeller_is_right_as_often_as_it_is_said_to_be(config: SandboxConfig, posts: list[Post]) -> None:
    wrong = 1 - config.labellers.openai
    assert share(errors(config, posts, "labeller", wrong)) == pytest.approx(wrong, abs=0.015)


def test_people_err_in_five_to_eight_of_a_hundred_answers(config: SandboxConfig, posts: list[Post]) -> None:
    for person in (1, 2, 3):
        assert 0.05 <= share(errors(config, posts, f"person {person}", config.annotators.error)) <= 0.08


def test_errors_cluster_on_hard_posts(config: SandboxConfig, posts: list[Post]) -> None:
    hard = [post for post in posts if post.hard]
    others = [post for post in posts if not post.hard]
    for who, error in (("labeller", 1 - config.labellers.openai), ("person 1", config.annotators.error)):
        on_hard, on_others = (share(errors(config, part, who, error)) for part in (hard, others))
        assert on_hard / on_others == pytest.approx(config.hardness.ratio, rel=0.3)


def test_on_hard_posts_strangers_err_together_and_elsewhere_by_chance(
    config: SandboxConfig, posts: list[Post]
) -> None:
    rate = config.annotators.error
    for is_hard, least, most in ((True, 2.0, 7.0), (False, 0.0, 1.9)):
        part = [post for post in posts if post.hard == is_hard]
        one, two = (errors(config, part, f"person {k}", rate) for k in (1, 2))
        together = share(a and b for a, b in zip(one, two, strict=True))
        assert least < together / (share(one) * share(two)) < most


def test_those_who_err_together_name_the_same_mood(config: SandboxConfig, posts: list[Post]) -> None:
    people = [stranger(config, f"person {k}", error=config.annotators.error) for k in (1, 2)]
    pairs = [
        tuple(one.answer(post.mood, seen(post)) for one in people)
        for post in posts
        if post.hard and post.mood
    ]
    moods = [post.mood for post in posts if post.hard]
    both = [a == b for (a, b), mood in zip(pairs, moods, strict=True) if mood not in (a, b)]
    assert share(both) > 0.75  # 0.5 by chance


def test_in_every_cell_the_right_label_is_the_labellers_commonest(
    config: SandboxConfig, posts: list[Post]
) -> None:
    labeller = stranger(config, "labeller", error=1 - config.labellers.openai)
    said: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    for post in posts:
        if post.picture and post.mood:
            said[post.picture.scene, post.topic][labeller.answer(post.mood, seen(post)) == post.mood] += 1
    assert len(said) == 42
    assert min(right[True] / right.total() for right in said.values()) >= 0.6


def test_near_duplicates_are_judged_alike(config: SandboxConfig, posts: list[Post]) -> None:
    labeller = stranger(config, "labeller", error=1 - config.labellers.openai)
    answers: dict[tuple[str, str], set[str]] = defaultdict(set)
    copies = Counter(
        (post.copypasta.key, post.picture.root) for post in posts if post.copypasta and post.picture
    )
    for post in posts:
        if post.copypasta and post.picture and post.mood:
            answers[post.copypasta.key, post.picture.root].add(labeller.answer(post.mood, seen(post)))
    assert max(copies.values()) > 5
    assert {len(given) for given in answers.values()} == {1}


def test_a_copypasta_is_recognised_by_its_words(small: SandboxConfig) -> None:
    world = build(small)
    reader = Reader(small, world)
    pasted = [post for post in world.pictured if post.copypasta]
    for post in pasted:
        assert isinstance(post.copypasta, Copypasta)
        assert reader.look(None, f"subject: \ntext: {post.text}").words == post.copypasta.key
    own = [post for post in world.pictured if not post.copypasta and post.topic != NO_TEXT]
    assert not any("copypasta" in reader.look(None, post.text).words for post in own)


def test_labeller_and_people_make_the_same_of_a_post_however_it_is_sent(small: SandboxConfig) -> None:
    """So their errors fall together over the wire, too."""
    world = build(small)
    reader = Reader(small, world)
    control = control_of(screen())
    sound = [post for post in world.pictured if post.picture and not post.picture.flaw]
    # The fence rewords two hostile ones: their errors need not fall together.
    for post in [post for post in sound if post.oddity not in ("orders", "unicode")][:80]:
        file = Gallery().file(post.picture).data if post.picture else b""
        fence = fenced_post(post.subject, post.text, max_chars=2_000)
        heard = listen(message(fence, file))
        asked = reader.look(heard.image, heard.text)
        url = "data:image/png;base64," + base64.b64encode(file).decode()
        shown = _seen(reader, control, {"image": url, "subject": post.subject, "text": post.text})
        assert asked.content == shown.content
        assert asked.hard == shown.hard == post.hard
        assert reader.judge(asked) == reader.judge(shown)


def message(text: str, image: bytes) -> list[object]:
    url = "data:image/png;base64," + base64.b64encode(image).decode()
    parts = [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
    ]
    return [{"role": "user", "content": parts}]


def screen() -> str:
    return (
        '<View><Image name="i" value="$image"/><Header value="$subject"/><Text name="t" value="$text"/>'
        '<Choices name="c" toName="t"><Choice value="bullish"/></Choices></View>'
    )


def test_what_two_agree_on_or_a_third_settles_is_wrong_on_hard_posts_alone(
    config: SandboxConfig, posts: list[Post]
) -> None:
    people = [stranger(config, f"person {k}", error=config.annotators.error) for k in (1, 2, 3)]
    wrong = {True: Counter[bool](), False: Counter[bool]()}
    for post in posts:
        if post.mood:
            one, two, third = (person.answer(post.mood, seen(post)) for person in people)
            label = settle([one, two] if one == two else [one, two, third], min_votes=2).label
            assert label is None or label in MOODS
            if label is not None:
                wrong[post.hard][label != post.mood] += 1
    shares = {hard: counts[True] / counts.total() for hard, counts in wrong.items()}
    assert shares[False] < 0.01
    assert 0.08 < shares[True] < 0.18  # what even a perfect student would lose there
