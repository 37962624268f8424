"""What it costs to make tables of a large journal: scrape → data/raw, parse → posts.parquet, a process each.

    python bench/tables.py                         # 10,000 and 100,000 posts
    python bench/tables.py --posts 1000000

Posts are the board's, of 160 characters in its markup, without pictures. Seconds are CPU time of the whole
process, memory is its peak, both with libraries, which take about a second and 150 MiB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bizmeme.shell.journals import open_journal

ROOT = Path(__file__).parents[1]
_FIRST_NO, _FIRST_S, _PER_DAY, _PER_THREAD = 60_000_000, 1_600_000_000, 5_500, 25
_TEXT = '<a href="#p{no}" class="quotelink">&gt;&gt;{no}</a><br><span class="quote">&gt;sell</span><br>'
_TEXT += "it&#039;s over, number {no} is going to zero and nobody is coming to save you"
_PROGRAM = (
    "import resource, sys; from pathlib import Path; from bizmeme.stages import compose, runner;"
    "stage, out = sys.argv[1:]; given = compose.composed_yaml(Path('conf'), "
    "['experiment=production', 'scrape.collect=[]']).config;"
    "Path(out).mkdir(exist_ok=True); import os; os.chdir(out); "
    "runner.run_stage(stage, given, out=Path(out));"
    "used = resource.getrusage(resource.RUSAGE_SELF);"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)"
)
_ADD = "INSERT INTO posts (source, no, thread_no, posted_at, digest, has_file, body, first_seen) VALUES "
_ADD += "('board/biz', ?, ?, ?, '', 0, ?, 0)"


def main() -> None:
    """Measure every size, print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000, 100_000])
    sys.stdout.write("| posts | stage | seconds | µs a post | peak MiB | MiB of its table |\n")
    sys.stdout.write("| ---: | --- | ---: | ---: | ---: | ---: |\n")
    for posts in parser.parse_args().posts:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with open_journal(home, "real") as journal, journal.transaction():
                journal.database.executemany(_ADD, rows(posts))
            for stage, table in (("scrape", "data/raw/posts.parquet"), ("parse", "data/posts.parquet")):
                seconds, peak_mib = measured(stage, home)
                size_mib = (home / "out" / table).stat().st_size / 2**20
                each_us = 1e6 * seconds / posts
                cells = f"{seconds:.1f} | {each_us:.0f} | {peak_mib:.0f} | {size_mib:.1f}"
                sys.stdout.write(f"| {posts:,} | {stage} | {cells} |\n")
                sys.stdout.flush()


def measured(stage: str, home: Path) -> tuple[float, float]:
    """CPU-seconds and MiB of one stage."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, stage, str(home / "out")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, peak_mib = map(float, done.stderr.splitlines()[-1].split())
    return seconds, peak_mib


def rows(posts: int) -> Iterator[tuple[int, int, int, str]]:
    """Rows of the journal's table of posts."""
    for at in range(posts):
        no, thread_no = _FIRST_NO + at, _FIRST_NO + at - at % _PER_THREAD
        posted_at = _FIRST_S + at * 86_400 // _PER_DAY
        body = {"no": no, "com": _TEXT.format(no=no), "time": posted_at, "name": "Anonymous"}
        yield no, thread_no, posted_at, json.dumps(body | {"resto": 0 if no == thread_no else thread_no})


if __name__ == "__main__":
    main()
