"""What each saving is worth per 10,000 posts: shared requests, smaller pictures, prompt caches, batches.

    python bench/savings.py                          # of the pipeline in the current folder
    python bench/savings.py --folder ../elsewhere

By the vendors' published formulas at the prices of conf/prices/, four characters a token, 30 tokens of
answer, each picture as if its longer side had so many pixels, at the shape that it has. Each row saves what
the ones above it do as well; the modes are alternatives.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bizmeme.core.forecast import CHARS_PER_TOKEN
from bizmeme.core.near_copies import heads
from bizmeme.core.pictures import scaled
from bizmeme.core.prices import Mode, ModelPrices, PriceTable, Usage, cost_usd
from bizmeme.core.prompts import fenced_post, instruction
from bizmeme.core.vocabulary import Labels
from bizmeme.shell.parquet import read_table
from bizmeme.shell.ties import fingerprints
from bizmeme.stages.compose import composed_yaml
from bizmeme.tables.posts import Images, Posts

ROOT = Path(__file__).parents[1]
LARGE_PX = 1024  # of a picture that nobody scaled: the board's files are that large and larger
ANSWER_TOKENS = 30
CACHED_FROM = 1024  # tokens: both vendors cache no shorter beginning
POSTS = 10_000
MODELS = (("gpt-6-luna", 512), ("gemini-2.5-flash-lite", 384))


@dataclass(frozen=True, slots=True)
class Asked:
    """The posts of a pipeline: texts, pictures' sizes, and whose request each shares."""

    told: str
    texts: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    heads: Sequence[int]

    @property
    def shared(self) -> list[int]:
        """The places of posts that are asked about for themselves."""
        return [place for place, head in enumerate(self.heads) if place == head]


def main() -> None:
    """Read the tables, print one table a model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="of a pipeline that has run to `parse`")
    folder = parser.parse_args().folder
    config = composed_yaml(ROOT / "conf", []).config
    asked = read(folder, instruction(Labels.model_validate(config["labels"]), config["guideline"]))
    prices = PriceTable.model_validate(config["prices"])
    for model, sent_px in MODELS:
        Console().print(table(asked, model, prices.models[model], sent_px=sent_px))


def read(folder: Path, told: str) -> Asked:
    """Every post with a picture, in the order of posting."""
    images = read_table(Images, folder / "data/images.parquet").rename({"sha256": "image_sha256"})
    posts = read_table(Posts, folder / "data/posts.parquet").join(images, on="image_sha256")
    known = posts.sort("posted_at", "board", "no")
    texts = [fenced_post(*row, max_chars=2000) for row in known.select("subject", "text").iter_rows()]
    sizes = [(row[0], row[1]) for row in known.select("width_px", "height_px").iter_rows()]
    return Asked(told, texts, sizes, heads(texts, *fingerprints(known)))


def table(asked: Asked, model: str, prices: ModelPrices, *, sent_px: int) -> Table:
    """The savings, one after the other."""
    made = Table("what", "requests", "USD", "saved", title=f"{POSTS:,} posts, {model}", box=None)
    before = None
    for what, requests, usd in rows(asked, prices, sent_px=sent_px):
        saved = "" if before is None else f"{1 - usd / before:.1%}"
        made.add_row(what, f"{requests:,.0f}", f"{usd:.3f}", saved)
        before = before or usd
    return made


def rows(asked: Asked, prices: ModelPrices, *, sent_px: int) -> Iterator[tuple[str, float, float]]:
    """What is done, requests, dollars."""
    every, shared = range(len(asked.texts)), asked.shared
    share = POSTS / len(asked.texts)
    told_tokens = len(asked.told) / CHARS_PER_TOKEN
    ways: list[tuple[str, Sequence[int], int, Mode]] = [
        (f"each post, pictures of {LARGE_PX} px, chat", every, LARGE_PX, "live"),
        ("near copies with the same words share a request", shared, LARGE_PX, "live"),
        (f"pictures of {sent_px} px", shared, sent_px, "live"),
    ]
    for what, places, longest_px, mode in ways:
        yield what, share * len(places), share * bill(asked, prices, places, longest_px=longest_px, mode=mode)
    count = share * len(shared)
    if told_tokens < CACHED_FROM:
        usd = share * bill(asked, prices, shared, longest_px=sent_px, mode="live")
        yield f"prompt cache: none, {told_tokens:.0f} of {CACHED_FROM} tokens stay the same", count, usd
    for mode in prices.modes[1:]:
        usd = share * bill(asked, prices, shared, longest_px=sent_px, mode=mode)
        yield f"mode {mode}", count, usd


def bill(asked: Asked, prices: ModelPrices, places: Sequence[int], *, longest_px: int, mode: Mode) -> float:
    """Dollars of these posts' requests, as if each picture's longer side had so many pixels."""
    paid = prices.prices(mode)
    assert paid is not None
    usd = 0.0
    for place in places:
        width, height = asked.sizes[place]
        grown = longest_px / max(width, height)
        size = scaled(round(width * grown), round(height * grown), longest_px=longest_px)
        text = (len(asked.told) + len(asked.texts[place])) / CHARS_PER_TOKEN
        tokens = round(text + prices.picture.tokens(*size, detail="low"))
        usd += cost_usd(paid, Usage(tokens, 0 if mode == "decisions" else ANSWER_TOKENS))
    return usd


if __name__ == "__main__":
    main()
