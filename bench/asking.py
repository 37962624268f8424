"""How many vision-API answers a second, beside a bare aiohttp loop, the vendor's SDK, and others' tools.

    python bench/asking.py                     # bare, sdk, ours: three minutes
    make peers                                 # Curator and distilabel as well, in environments of their own
    make peers OPTIONS='--n 300 --rounds 1'

One server on loopback, in a process of its own, answers each chat completion after 200 ms, with and without
the log-probabilities of each token's five likeliest. Every client, in a process of its own, asks the same
posts, a text and a JPEG of 20 to 69 kB, 64 at once, and reads the label; `ours` as the stage auto_label does,
with its journal. Rounds take turns; wall seconds and CPU-seconds of the asking alone, and CPU-seconds of the
client's start; the ratio is that to the bare loop of the same round; medians, in brackets the ratio's range.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
LEAST_OF_BARE = {"plain": 0.70, "logprobs": 0.45}  # ours
_PICTURES, _SIDE_PX, _SMALLEST_PX, _STEP_PX = 40, 512, 14, 2  # of the noise that a picture is blown up from
_MOST_S = 600
HEAD = (
    "| answers | client | wall s | a second | of bare | CPU-s per 1,000 | start CPU-s |\n| --- | --- |"
    + " ---: |" * 5
    + "\n"
)


@dataclass(frozen=True, slots=True)
class Took:
    """One client's round."""

    wall_s: float
    cpu_s: float
    start_cpu_s: float


@dataclass(frozen=True)
class Bench:
    """What is measured, and the rounds so far, by kind of answer and client."""

    pythons: Mapping[str, Path]
    n: int
    at_once: int
    server: str
    folder: Path
    took: dict[tuple[str, str], list[Took]] = field(default_factory=dict)

    def round(self, kind: str) -> None:
        """Every client once."""
        for client in self.pythons:
            self.took.setdefault((kind, client), []).append(self._one(kind, client))

    def _one(self, kind: str, client: str) -> Took:
        _answered(self.server)
        job = {"client": client, "address": f"{self.server}/{kind}/v1", "n": self.n, "at_once": self.at_once}
        job |= {"logprobs": kind == "logprobs", "pictures": str(self.folder / "pictures")}
        command = [str(self.pythons[client]), str(HERE / "askers.py"), json.dumps(job)]
        with tempfile.TemporaryDirectory(dir=self.folder) as home:
            run = subprocess.run(
                command,
                env=_environment(home, self.pythons[client]),
                capture_output=True,
                text=True,
                timeout=_MOST_S,
                check=False,
            )
        if run.returncode:
            sys.exit(f"{client} failed:\n{run.stderr[-2000:]}")
        told = json.loads(run.stdout.splitlines()[-1])
        answered = _answered(self.server)
        if told.pop("labels") != self.n or answered["at_once"] > self.at_once:
            sys.exit(f"{client} read fewer labels than posts, or asked more at once: {told}, {answered}")
        return Took(**told)

    def rows(self) -> Iterator[str]:
        """The table."""
        for (kind, client), rounds in self.took.items():
            of_bare = self.of_bare(kind, client)
            wall_s = statistics.median(took.wall_s for took in rounds)
            thousands = self.n / 1000
            cpu_s = statistics.median(took.cpu_s for took in rounds) / thousands
            start_cpu_s = statistics.median(took.start_cpu_s for took in rounds)
            ratio = f"{statistics.median(of_bare):.2f} ({min(of_bare):.2f}–{max(of_bare):.2f})"
            cells = f"{wall_s:.2f} | {self.n / wall_s:.0f} | {ratio} | {cpu_s:.1f} | {start_cpu_s:.1f}"
            yield f"| {kind} | {client} | {cells} |\n"

    def of_bare(self, kind: str, client: str) -> list[float]:
        """Answers a second as a share of the bare loop's, round by round."""
        pairs = zip(self.took[kind, "bare"], self.took[kind, client], strict=True)
        return [bare.wall_s / took.wall_s for bare, took in pairs]


def _answered(server: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{server}/answered") as answer:
        return dict(json.loads(answer.read()))


def _environment(home: str, python: Path) -> dict[str, str]:
    """Nobody's caches, keys or telemetry; Curator's tokenizer from the files beside it."""
    tokenizers = python.parent.parent / "lib/python3.11/site-packages/litellm/litellm_core_utils/tokenizers"
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HERE.parent / "src"),
        "HOME": home,
        "OPENAI_API_KEY": "none",
        "TELEMETRY_ENABLED": "false",
        "CURATOR_DISABLE_CACHE": "1",
        "CURATOR_DISABLE_RICH_DISPLAY": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "TIKTOKEN_CACHE_DIR": str(tokenizers),
        "HF_HUB_OFFLINE": "1",
    }


def draw_pictures(folder: Path) -> tuple[int, int]:
    """JPEGs of noise; the bytes of the smallest and of the largest."""
    folder.mkdir()
    random = np.random.default_rng(0)
    sizes = []
    for number in range(_PICTURES):
        side_px = _SMALLEST_PX + number * _STEP_PX
        noise = random.integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)
        data = io.BytesIO()
        Image.fromarray(noise).resize((_SIDE_PX, _SIDE_PX)).save(data, "JPEG", quality=70)
        (folder / f"{number:02}.jpg").write_bytes(data.getvalue())
        sizes.append(len(data.getvalue()))
    return min(sizes), max(sizes)


@contextmanager
def serving(answer_ms: float) -> Iterator[str]:
    """The address of bench/answering.py in a process of its own."""
    command = [sys.executable, str(HERE / "answering.py"), "--answer-ms", str(answer_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and say by the status whether ours is as quick as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--answer-ms", type=float, default=200)
    parser.add_argument("--curator", type=Path, help="a virtual environment")
    parser.add_argument("--distilabel", type=Path, help="a virtual environment")
    options = parser.parse_args(arguments)
    pythons = {client: Path(sys.executable) for client in ("bare", "sdk", "ours")}
    peers = {"curator": options.curator, "distilabel": options.distilabel}
    pythons |= {client: venv.absolute() / "bin/python" for client, venv in peers.items() if venv}
    with serving(options.answer_ms) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = draw_pictures(folder / "pictures")
        bench = Bench(pythons, options.n, options.at_once, server, folder)
        for _ in range(options.rounds):
            for kind in LEAST_OF_BARE:
                bench.round(kind)
    sys.stdout.write(
        f"{options.n} posts, {options.at_once} at once, {small / 1000:.0f}–{large / 1000:.0f} kB\n\n"
    )
    sys.stdout.write(HEAD + "".join(sorted(bench.rows(), key=lambda row: row.split("|")[1], reverse=True)))
    slow = [k for k, least in LEAST_OF_BARE.items() if statistics.median(bench.of_bare(k, "ours")) < least]
    return int(bool(slow))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
