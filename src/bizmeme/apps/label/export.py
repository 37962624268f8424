"""bizmeme label export: people's settled labels as a plain file, a row a post: image_path,text,label.

Reads what `make refresh-labels` fetched. `bizmeme import` reads such a file again.
"""

import argparse
from pathlib import Path

import polars as pl
from rich.console import Console

from bizmeme.shell.parquet import read_table
from bizmeme.shell.workspace import Workspace, state_home
from bizmeme.tables.labels import HumanLabels
from bizmeme.tables.posts import Posts

KEY = ["board", "no"]


def options(parser: argparse.ArgumentParser) -> None:
    """Its own options."""
    parser.add_argument("--csv", type=Path, required=True, metavar="PATH", help="where to write it")
    parser.add_argument("--role", choices=("dev", "test", "train"), help="of these posts alone")


def run(chosen: argparse.Namespace) -> None:
    """Write the file."""
    folder = Path.cwd()
    workspace = Workspace(folder, folder, state_home(), "")
    human = read_table(HumanLabels, workspace.read("data/human_labels.parquet"))
    posts = read_table(Posts, workspace.read("data/posts.parquet"))
    rows = plain(human if chosen.role is None else human.filter(role=chosen.role), posts)
    chosen.csv.parent.mkdir(parents=True, exist_ok=True)
    partial = chosen.csv.with_name(chosen.csv.name + ".part")
    rows.write_csv(partial)
    partial.replace(chosen.csv)
    Console(soft_wrap=True, highlight=False).print(f"{len(rows)} labelled posts: {chosen.csv}")


def plain(human: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Columns image_path, text (behind the subject, where there is one) and label, in the order of posts."""
    gold = human.filter(pl.col("gold").is_not_null()).unique(KEY)
    shown = posts.join(gold, on=KEY).drop_nulls("image_sha256").sort(KEY)
    said = pl.concat_str(pl.col("subject").replace("", None), "text", separator="\n", ignore_nulls=True)
    return shown.select(
        image_path=pl.format("data/images/{}.jpg", "image_sha256"), text=said, label=pl.col("gold")
    )
