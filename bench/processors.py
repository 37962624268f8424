"""How far results move between instruction sets: one child process a setting, printed as one table.

    python bench/processors.py
    python bench/processors.py --launcher "qemu-x86_64 -cpu Haswell"   # another processor, emulated

Every setting is compared with the pinned one (shell/processors.py): `=` for the same bytes, else how many
digits of the largest value the largest difference leaves. docs/determinism.md keeps a result.
"""

import argparse
import math
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bizmeme.shell import processors

ROOT = Path(__file__).parents[1]
_LIMIT_S = 1800
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "BENCH_THREADS": "1"}
_PINNED = processors.PINNED | processors.QUIET | _ONE_THREAD
_LOWEST = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "AVX F16C FMA3 AVX2 " + processors.PINNED["NPY_DISABLE_CPU_FEATURES"],
    "JSIMD_FORCENONE": "1",  # libjpeg-turbo without SIMD
}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "pinned": _PINNED,
    "pinned again": _PINNED,
    "not pinned": processors.QUIET | _ONE_THREAD,
    "lowest": _PINNED | _LOWEST,
    "2 threads": _PINNED | dict.fromkeys(_ONE_THREAD, "2"),
    "MKL free": {name: value for name, value in _PINNED.items() if name != "MKL_CBWR"},
}
Answers = Mapping[str, npt.NDArray[Any]]


def main() -> None:
    """Run every setting, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--launcher", help="what to put before python, for one more column of kernels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answers = {name: ask(Path(folder), name, environment) for name, environment in SETTINGS.items()}
        if options.launcher:
            kernels = _PINNED | {"BENCH_KERNELS_ONLY": "1"}
            answers["emulated"] = ask(
                Path(folder), "emulated", kernels, launcher=shlex.split(options.launcher)
            )
    sys.stdout.write(table(answers))


def ask(
    folder: Path, name: str, environment: Mapping[str, str], *, launcher: list[str] | None = None
) -> Answers:
    """The answers of a child process in this environment, of which nothing of ours is inherited."""
    own = {*processors.PINNED, *processors.QUIET, *_LOWEST, *_ONE_THREAD}
    inherited = {key: value for key, value in os.environ.items() if key not in own}
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    command = [*(launcher or []), sys.executable, str(ROOT / "bench" / "probes.py"), str(folder), name]
    subprocess.run(
        command, env=inherited | environment | paths, check=True, timeout=_LIMIT_S, stdout=sys.stderr
    )
    with np.load(folder / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def table(answers: Mapping[str, Answers]) -> str:
    """One line a row of the probes, one column a setting, in markdown."""
    names = [name for name in answers if name != "pinned"]
    rows = dict.fromkeys(key.rpartition("#")[0] for key in answers["pinned"])
    lines = [f"| | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for row in rows:
        cells = [_cell(row, answers["pinned"], answers[name]) for name in names]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(row: str, pinned: Answers, other: Answers) -> str:
    keys = [key for key in pinned if key.rpartition("#")[0] == row]
    if not all(key in other for key in keys):
        return ""
    return min((_agreement(pinned[key], other[key]) for key in keys), key=_digits)


def _digits(cell: str) -> float:
    return math.inf if cell == "=" else float(cell)


def _agreement(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> str:
    """`=`, or the significant digits that agree."""
    if one.shape == other.shape and one.tobytes() == other.tobytes():
        return "="
    if one.shape != other.shape:
        return "0"
    wide, beside = (array.astype(np.float64) for array in (one, other))
    difference = float(np.abs(wide - beside).max()) / (float(np.abs(wide).max()) or 1.0)
    return f"{-math.log10(difference):.1f}" if difference else "16"


if __name__ == "__main__":
    main()
