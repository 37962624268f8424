"""The same bytes on every processor: which instruction sets the numeric libraries may choose on a CPU.

Without this, adapters, logistic regressions and even np.exp differ between processors with and without
AVX-512. Each variable is read when its library loads, so they are set before any stage imports one; what a
person has set already stays.
"""

import os

PINNED = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "MKL_CBWR": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",  # numpy, scipy
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads starve each other on shared cores
    "PYTHONHASHSEED": "0",
}
QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "COLLECT_ANALYTICS": "false",
}


def pin() -> None:
    """Set every variable above that is not set yet."""
    for name, value in (PINNED | QUIET).items():
        os.environ.setdefault(name, value)
