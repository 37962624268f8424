"""How fast comments become text, beside a bare lxml loop: 20,000 comments of the sandbox's world.

    python bench/parsing.py
    python bench/parsing.py --comments 5000 --rounds 3

The floor gives text alone, with entities resolved; `read_comment` also drops what the board or a moderator
added, keeps lines apart, and lists quotes and bans. CPU-seconds, the best of some rounds that take turns.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import lxml.html

from bizmeme.core.markup import read_comment
from bizmeme.sandbox.building import build
from bizmeme.sandbox.config import SandboxConfig
from bizmeme.sandbox.words.markup import comment
from bizmeme.stages.compose import composed_yaml

ROOT = Path(__file__).parents[1]
LEAST_RATIO = 0.5
HEAD = "| way | comments | CPU-s | comments a second | of the floor |\n| --- | ---: | ---: | ---: | ---: |\n"


def main() -> None:
    """Measure both ways in turn, print a table; status 1 where the ratio is below the bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comments", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    coms = list(islice(comments(), options.comments))
    ways = {"bare lxml": bare, "read_comment": read_comment}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(options.rounds):
        for name, way in ways.items():
            best[name] = min(best[name], used_s(way, coms))
    sys.stdout.write(HEAD)
    for name, used in best.items():
        ratio = best["bare lxml"] / used
        cells = (name, f"{len(coms):,}", f"{used:.2f}", f"{len(coms) / used:,.0f}", f"{ratio:.2f}")
        sys.stdout.write("| " + " | ".join(cells) + " |\n")
    sys.exit(ratio < LEAST_RATIO)


def comments() -> Iterator[str]:
    """The comments of the default world, then of the worlds of the seeds after it."""
    config = SandboxConfig.model_validate(composed_yaml(ROOT / "conf", []).config["sandbox"])
    for seed in count(config.seed):
        world = build(config.model_copy(update={"seed": seed}))
        for thread in world.threads.values():
            written = (comment(each.text, each.links, thread_no=each.thread_no) for each in thread.posts)
            yield from filter(None, written)


def bare(com: str) -> str:
    """The floor."""
    return str(lxml.html.fragment_fromstring(com, create_parent=True).text_content())


def used_s(way: Callable[[str], object], coms: list[str]) -> float:
    """CPU-seconds of one round."""
    began = time.process_time()
    for com in coms:
        way(com)
    return time.process_time() - began


if __name__ == "__main__":
    main()
