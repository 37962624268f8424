"""Loads a Qwen2.5-VL base, packed to 4 bits, and keeps bitsandbytes from spoiling it on a CPU.

torch and transformers are imported at first use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bizmeme.errors import ModelError
from bizmeme.qwen_vl.bases import Source
from bizmeme.qwen_vl.sections import Family, Pixels, Quantisation

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig, PreTrainedModel, ProcessorMixin


def load_model(source: Source, family: Family) -> "PreTrainedModel":
    """The base, frozen, in eval mode, on the GPU where there is one; ModelError where it cannot be read."""
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    packed = {} if family.quantisation is None else {"quantization_config": packing(family.quantisation)}
    dtype = getattr(torch, family.precision)
    with _readable(source):
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(
            source.name, dtype=dtype, device_map=device(), **packed, **_pinned(source)
        )
    keep_gradients(model)
    return model.requires_grad_(False).eval()


def load_processor(source: Source, pixels: Pixels) -> "ProcessorMixin":
    """The processor of a base or an adapter, with the family's picture sizes; ModelError as above."""
    from transformers import AutoProcessor

    with _readable(source):
        processor = AutoProcessor.from_pretrained(source.name, **_pinned(source))
    # As an argument of from_pretrained the sizes would end up in the tokenizer's configuration as well.
    processor.image_processor.size = {"shortest_edge": pixels.smallest, "longest_edge": pixels.largest}
    for where in ("is_local", "local_files_only"):  # it would be saved: $HF_HUB_OFFLINE must move no byte
        processor.tokenizer.init_kwargs.pop(where, None)
    return processor


@contextmanager
def _readable(source: Source) -> Iterator[None]:
    """Files that are cut off or missing, or a hub out of reach, as a ModelError; a full disk passes."""
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ModelError(
            f"{source.name} cannot be read: {str(error).splitlines()[0]}. Run `dvc checkout` to have a local "
            "base again; a model of the hub needs the network once, and room below $HF_HOME."
        ) from error


def _pinned(source: Source) -> dict[str, str]:
    return {} if source.revision is None else {"revision": source.revision}


def packing(quantisation: Quantisation) -> "BitsAndBytesConfig":
    """The section in the words of transformers."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=quantisation.kind,
        bnb_4bit_use_double_quant=quantisation.double,
        bnb_4bit_compute_dtype=getattr(torch, quantisation.compute),
        llm_int8_skip_modules=list(quantisation.skip),  # the old name; transformers reads it for 4 bits too
    )


def device() -> str:
    """Where models live on this machine."""
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def keep_gradients(model: "PreTrainedModel") -> None:
    """Switch off the bf16 layout that bitsandbytes gives 4-bit weights on CPUs with avx512_bf16.

    Seen with bitsandbytes 0.50.2: the first forward pass in eval mode rewrites every weight for inference.
    From then on figures differ from those of other processors, and a training that goes on gets no gradient
    through the frozen layers, without an error.
    """
    from bitsandbytes.nn import Linear4bit

    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False
