"""What bench/processors.py asks of each library, in a child process: `python bench/probes.py FOLDER NAME`.

Writes FOLDER/NAME.npz, the arrays by row of the table and number. Unless BENCH_KERNELS_ONLY is set, the tiny
adapter of the tests is trained as well, on the base in FOLDER, which is made where it is missing.
"""

import io
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

CONF = Path(__file__).parents[1] / "conf"
Arrays = dict[str, list[npt.NDArray[Any]]]  # by row of the table
_DENSE = 0.8  # what lies below is zero in the sparse features


def uniform(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Numbers from [-1, 1) that are exact on every processor."""
    return np.random.default_rng(seed).random(shape) * 2 - 1


def libm() -> Arrays:
    """The C library's functions, as Python's math calls them."""
    functions = (math.exp, math.sin, math.tanh, math.log1p, math.atan)
    return {"glibc libm": [np.array([f(x) for x in uniform(20_000) * 0.99]) for f in functions]}


def numpy_kernels() -> Arrays:
    """numpy's own loops."""
    wide = [(uniform(50_000) * 5).astype(kind) for kind in (np.float32, np.float64)]
    functions: tuple[Callable[[Any], Any], ...] = (np.exp, np.sin, np.tanh, np.cbrt, np.sum, np.std)
    logs = [np.log(np.abs(x) + 1) for x in wide]
    return {"numpy kernels": [np.asarray(f(x)) for f in functions for x in wide] + logs}


def openblas() -> Arrays:
    """Products and decompositions with numpy's OpenBLAS and with scipy's."""
    import scipy.linalg

    a, b = uniform(300, 300), uniform(300, seed=1)
    single = a.astype(np.float32)
    ours = [a @ a, a @ b, b @ b, single @ single, np.linalg.solve(a, b)]
    return {
        "OpenBLAS in numpy": [np.asarray(value) for value in ours],
        "OpenBLAS in scipy": [scipy.linalg.solve(a, b), scipy.linalg.svdvals(a), *scipy.linalg.qr(a)],
    }


def logistic_regression() -> Arrays:
    """The baselines' model on sparse and on dense features: coefficients, then probabilities."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    dense = uniform(1_500, 128)
    labels = np.digitize(dense[:, 0] + uniform(1_500, seed=1), [-0.5, 0.5])
    rows: Arrays = {}
    for name, features in (("dense", dense), ("sparse", csr_matrix(dense * (dense > _DENSE)))):
        model = LogisticRegression(max_iter=2000, C=1.0, random_state=0).fit(features, labels)
        rows[f"logistic regression, {name}"] = [model.coef_, model.predict_proba(features)]
    return rows


def torch_kernels() -> Arrays:
    """ATen's own kernels, products by MKL, convolutions by oneDNN."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(int(os.environ["BENCH_THREADS"]))
    x = torch.from_numpy(uniform(600, 256)).float()
    image, kernel = x.view(1, 3, 200, 256), x[:24, :27].reshape(24, 3, 3, 3).contiguous()
    own = [x.exp(), x.erf(), functional.gelu(x), functional.silu(x), x.softmax(1), x.sum(), x.norm()]
    own += [functional.layer_norm(x, (256,)), functional.cross_entropy(x, torch.arange(600) % 256)]
    products = [x @ x.T, x.T @ x, x @ x[0], torch.bmm(x.view(4, 150, 256), x.view(4, 256, 150))]
    return {
        "torch ATen kernels": [value.numpy() for value in own],
        "torch products (MKL)": [value.numpy() for value in products],
        "torch convolution (oneDNN)": [functional.conv2d(image, kernel).numpy()],
    }


def nf4() -> Arrays:
    """bitsandbytes: weights packed to 4 bits, and unpacked again."""
    import torch
    from bitsandbytes import functional

    weights = torch.from_numpy(uniform(256, 512)).float()
    packed, state = functional.quantize_4bit(weights, quant_type="nf4", compress_statistics=True)
    values = (packed, state.absmax, state.state2.absmax, functional.dequantize_4bit(packed, state))
    return {"bitsandbytes NF4": [value.numpy() for value in values]}


def pictures() -> Arrays:
    """A drawing, resized and hashed, written and read; torchvision's resizing of the same."""
    import imagehash
    import torch
    from PIL import Image
    from torchvision.transforms.v2 import functional

    smooth = np.add.outer(np.arange(480) // 3, np.arange(640) // 4)[..., None] + [0, 40, 90]
    image = Image.fromarray(((smooth + uniform(480, 640, 3) * 40) % 256).astype(np.uint8))
    files: list[io.BytesIO] = [io.BytesIO(), io.BytesIO()]
    image.save(files[0], "JPEG", quality=88, subsampling=0)
    image.save(files[1], "PNG")
    small = image.resize((112, 84), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
    resized = [functional.resize(kind, [84, 112], antialias=True) for kind in (pixels, pixels / 255)]
    return {
        "libjpeg-turbo": [np.frombuffer(files[0].getvalue(), np.uint8), np.asarray(Image.open(files[0]))],
        "PNG (zlib-ng)": [np.frombuffer(files[1].getvalue(), np.uint8)],
        "Pillow resizing": [np.asarray(small), np.asarray(small.resize((28, 28), Image.Resampling.BICUBIC))],
        "torchvision resizing": [value.numpy() for value in resized],
        "perceptual hash": [imagehash.phash(image).hash.astype(np.uint8)],
    }


def polars_tables() -> Arrays:
    """Sorting, sums by group, and the bytes of a parquet file."""
    import polars as pl

    table = pl.DataFrame({"key": np.arange(200_000) * 7919 % 1_000, "value": uniform(200_000)})
    sums = table.group_by("key").agg(pl.col("value").sum(), mean=pl.col("value").mean()).sort("key")
    file = io.BytesIO()
    table.sort("value").write_parquet(file, compression="zstd", statistics=False)
    totals = [sums["value"].to_numpy(), sums["mean"].to_numpy(), np.asarray(table["value"].sum())]
    return {"polars sums": totals, "polars parquet": [np.frombuffer(file.getvalue(), np.uint8)]}


PROBES = (libm, numpy_kernels, openblas, logistic_regression, torch_kernels, nf4, pictures, polars_tables)


def train_base(folder: Path) -> None:
    """The small base of the tests, which every training below starts from."""
    from bizmeme.ports.vlms import Course
    from bizmeme.qwen_vl.pretrain import Pretraining
    from bizmeme.vlms import tiny
    from tests.qwen_vl import world

    settings = Pretraining.model_validate(_section("base/small")["pretraining"])
    course = Course(settings, world.PROMPT, seed=0, checkpoints=folder / "base_checkpoints")
    vlm = tiny.build(tiny.Config.model_validate(_section("vlm/small")))
    vlm.make_base(world.captions(200, seed=1), folder / "base", labels=world.LABELS, course=course)


def train_adapter(folder: Path, name: str) -> Arrays:
    """The small fine-tuning of the tests: its weights, its probabilities, the base's picture features."""
    from safetensors.numpy import load_file

    from bizmeme.ports.vlms import Course
    from bizmeme.qwen_vl.finetune import Finetuning
    from bizmeme.vlms import tiny
    from tests.qwen_vl import world

    settings = Finetuning.model_validate(_section("train/small") | {"threads": os.environ["BENCH_THREADS"]})
    course = Course(settings, world.PROMPT, seed=0, checkpoints=folder / f"{name} checkpoints")
    vlm = tiny.build(tiny.Config.model_validate(_section("vlm/small")))
    rows, base, adapter = world.examples(80, 16, seed=2), folder / "base", folder / name
    vlm.finetune(rows, adapter, base=base, labels=world.LABELS, course=course)
    posts = [(post.image, post.text) for post in world.captions(40, seed=3)]
    student = vlm.load(adapter, base=base)
    weights = load_file(adapter / "adapter_model.safetensors")
    return {
        "adapter's weights": [weights[key] for key in sorted(weights)],
        "its probabilities": [np.array(student.probabilities(posts))],
        "picture features": [np.array(student.picture_features([image for image, _ in posts]))],
    }


def _section(name: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    return values


def main(folder: Path, name: str) -> None:
    """Ask everything, keep the answers."""
    rows: Arrays = {}
    for probe in PROBES:
        rows |= probe()
    if "BENCH_KERNELS_ONLY" not in os.environ:
        if not (folder / "base").exists():
            train_base(folder)
        rows |= train_adapter(folder, name)
    numbered = {f"{row}#{at}": array for row, arrays in rows.items() for at, array in enumerate(arrays)}
    np.savez(folder / name, **numbered)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
