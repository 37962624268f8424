"""What `bizmeme coverage` and `bizmeme stats` cost on a large journal: picture and all, a process each.

    python bench/coverage.py                       # 100,000 posts of the board
    python bench/coverage.py --posts 1000000

Posts are the board's, 5,500 a day, of 300 characters as the collector keeps them; 3 % are missing, and a day
of them in the middle. Seconds are CPU time of the whole process, memory is its peak, libraries included.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bizmeme.shell.journals import open_journal

ROOT = Path(__file__).parents[1]
_FIRST_NO, _FIRST_S, _PER_DAY = 60_000_000, 1_600_000_000, 5_500
_MISSING, _PICTURED = 0.03, 0.35
_PROGRAM = (
    "import resource, sys; from bizmeme.apps.{name} import main; main(sys.argv[1:]);"
    "used = resource.getrusage(resource.RUSAGE_SELF);"
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)"
)
_ADD = "INSERT INTO posts (source, no, thread_no, posted_at, digest, has_file, body, first_seen) VALUES "
_ADD += "('board/biz', ?, ?, ?, '', ?, ?, 0)"


def main() -> None:
    """Measure every size, print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, nargs="+", default=[100_000])
    sys.stdout.write("| posts | command | seconds | peak MiB |\n| ---: | --- | ---: | ---: |\n")
    for posts in parser.parse_args().posts:
        with tempfile.TemporaryDirectory() as folder:
            with open_journal(Path(folder), "real") as journal, journal.transaction():
                journal.database.executemany(_ADD, rows(posts))
            for name in ("coverage", "stats"):
                seconds, peak_mib = measured(name, Path(folder))
                sys.stdout.write(f"| {posts:,} | {name} | {seconds:.1f} | {peak_mib:.0f} |\n")


def measured(name: str, home: Path) -> tuple[float, float]:
    """CPU-seconds and MiB of one command."""
    arguments = ["experiment=production", "--png", str(home / "picture.png")]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(name=name), *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "BIZMEME_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, peak_mib = map(float, done.stderr.splitlines()[-1].split())
    return seconds, peak_mib


def rows(posts: int) -> Iterator[tuple[int, int, int, bool, str]]:
    """Rows of the journal's table of posts."""
    chance = random.Random(7)
    for at in range(posts):
        if chance.random() < _MISSING or posts // 2 <= at < posts // 2 + _PER_DAY:
            continue
        no, pictured = _FIRST_NO + at, chance.random() < _PICTURED
        body = {"no": no, "com": "sell " * 50} | ({"ext": ".jpg"} if pictured else {})
        yield no, no - at % 300, _FIRST_S + at * 86_400 // _PER_DAY, pictured, json.dumps(body)


if __name__ == "__main__":
    main()
