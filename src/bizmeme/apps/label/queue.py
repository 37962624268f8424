"""bizmeme label queue: push the N posts that teach most into a project of their own; never gold.

These are posts of training days on which automatic labellers disagree, then those that they are least sure
of, spread over pictures, threads and months. What people say of them replaces the automatic label. Run again,
it adds N more.
"""

import argparse

import polars as pl
from rich.console import Console
from rich.table import Table

from bizmeme.apps.held import number
from bizmeme.apps.label.desk import Desk, desk
from bizmeme.core.queueing import Spread, doubts, queue
from bizmeme.core.splits import with_part
from bizmeme.errors import DataError
from bizmeme.ports.annotators import Annotator
from bizmeme.shell.journals import alone
from bizmeme.shell.labelling import KEY, tasks_of
from bizmeme.shell.parquet import read_table
from bizmeme.tables.labels import AutoLabels, AutoReplies, HumanLabels
from bizmeme.tables.posts import Images, Posts

_MAX_PER_THREAD = 3


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    add = parser.add_argument
    add("posts", type=number, metavar="N", help="how many posts")
    add("--max-per-thread", type=number, default=_MAX_PER_THREAD, metavar="M",
        help=f"posts of one thread at the most ({_MAX_PER_THREAD})")  # fmt: skip


def run(chosen: argparse.Namespace) -> None:
    """Choose, push, say why these; raises DataError where none is left."""
    with desk(chosen.overrides) as here:
        annotator, workspace = here.annotator(), here.workspace
        with alone(workspace.home, workspace.origin, doing="pushing tasks"):
            found = _chosen(here, annotator, Spread(chosen.posts, chosen.max_per_thread, here.params.seed))
            posts = read_table(Posts, workspace.read("data/posts.parquet"))
            tasks = tasks_of(found.join(posts, on=KEY, maintain_order="left"))
            added = annotator.push("queue", list(tasks.values()))
    table = Table("why", "posts", title=f"{added} posts queued to train on")
    for why, count in found["why"].value_counts(sort=True).iter_rows():
        table.add_row(why, str(count))
    Console(soft_wrap=True, highlight=False).print(
        table, "When people have labelled them: `make refresh-labels`.", sep="\n"
    )


def _posts(here: Desk) -> pl.DataFrame:
    """Every post with a picture, as core.queueing wants them."""
    read, params = here.workspace.read, here.params
    images = read_table(Images, read("data/images.parquet")).rename({"sha256": "image_sha256"})
    posts = with_part(read_table(Posts, read("data/posts.parquet")), params.split, seed=params.seed)
    told = posts.with_columns(text=pl.concat_str("subject", "text", separator="\n").str.strip_chars())
    return told.join(images.select("image_sha256", "perceptual_hash", "thumbnail"), on="image_sha256")


def _chosen(here: Desk, annotator: Annotator, how: Spread) -> pl.DataFrame:
    posts = _posts(here)
    replies = read_table(AutoReplies, here.workspace.read("data/auto_replies.parquet"))
    automatic = read_table(AutoLabels, here.workspace.read("data/auto_labels.parquet"))
    human = read_table(HumanLabels, here.workspace.read("data/human_labels.parquet"))
    known = annotator.pushed("queue") | set(human.filter(role="train").select(KEY).iter_rows())
    queued = pl.DataFrame(sorted(known), schema={"board": pl.String, "no": pl.Int64}, orient="row")
    found = queue(posts, doubts(replies, automatic), sampled=here.sample(), queued=queued, how=how)
    if found.is_empty():
        raise DataError(
            "No post of a training day is left to queue: all are queued, sampled, or near copies of those."
        )
    return found
