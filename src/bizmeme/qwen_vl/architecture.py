"""The tiny Qwen2.5-VL: the real classes of transformers at small sizes, with random weights.

torch, transformers and trl are imported at first use.
"""

from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section
from bizmeme.qwen_vl import bpe
from bizmeme.qwen_vl.sections import Family, Pixels

if TYPE_CHECKING:
    from transformers import (
        PreTrainedModel,
        ProcessorMixin,
        Qwen2_5_VLConfig,
        Qwen2Tokenizer,
    )


class TextSizes(Section):
    """The language model's."""

    width: PositiveInt
    """Of the residual stream; a multiple of 64 keeps 4-bit blocks whole."""

    depth: PositiveInt
    """Layers."""

    heads: PositiveInt
    """Of attention; `width / heads` is a multiple of 8, since three position axes share its half."""

    key_value_heads: PositiveInt
    """Shared by groups of heads."""

    mlp: PositiveInt
    """Width inside the feed-forward block."""


class VisionSizes(Section):
    """The vision tower's."""

    width: PositiveInt
    """Of the residual stream."""

    depth: PositiveInt
    """Layers."""

    heads: PositiveInt
    """Of attention."""

    mlp: PositiveInt
    """Width inside the feed-forward block."""


class Sizes(Section):
    """A tiny model's shape."""

    vocabulary: PositiveInt
    """Tokens, control tokens included."""

    initializer_range: Annotated[float, Field(gt=0)]
    """Standard deviation of fresh weights; Qwen's 0.02 is too small for so narrow a model to learn from."""

    text: TextSizes
    """The language model."""

    vision: VisionSizes
    """The vision tower."""


class SizedFamily(Family):
    """A family whose base is built here, to size."""

    sizes: Sizes
    """The model's shape."""


def build_processor(tokenizer: "Qwen2Tokenizer", pixels: Pixels) -> "ProcessorMixin":
    """Tokenizer, image processor and Qwen2.5-VL's chat template (the copy that trl ships)."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    template = files("trl").joinpath("chat_templates/qwen2_5_vl.jinja").read_text(encoding="utf-8")
    size = {"shortest_edge": pixels.smallest, "longest_edge": pixels.largest}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=template,
    )


def build_model(sizes: Sizes, tokenizer: "Qwen2Tokenizer", *, seed: int) -> "PreTrainedModel":
    """A fresh model in float32; equal seeds give equal weights."""
    from transformers import Qwen2_5_VLForConditionalGeneration, set_seed

    set_seed(seed)
    return Qwen2_5_VLForConditionalGeneration(_config(sizes, tokenizer))


def _config(sizes: Sizes, tokenizer: "Qwen2Tokenizer") -> "Qwen2_5_VLConfig":
    from transformers import Qwen2_5_VLConfig

    token = tokenizer.convert_tokens_to_ids
    return Qwen2_5_VLConfig(
        text_config=_text(sizes, tokenizer),
        vision_config=_vision(sizes),
        image_token_id=token(bpe.IMAGE),
        video_token_id=token(bpe.VIDEO),
        vision_start_token_id=token(bpe.VISION_START),
        vision_end_token_id=token(bpe.VISION_END),
        tie_word_embeddings=True,
    )


def _text(sizes: Sizes, tokenizer: "Qwen2Tokenizer") -> dict[str, Any]:
    text = sizes.text
    half = text.width // text.heads // 2
    across = half * 3 // 8  # time, height and width share the rotary half as in Qwen: 2 : 3 : 3
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": text.width,
        "intermediate_size": text.mlp,
        "num_hidden_layers": text.depth,
        "num_attention_heads": text.heads,
        "num_key_value_heads": text.key_value_heads,
        "max_position_embeddings": 4096,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [half - 2 * across, across, across],
        },
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": sizes.initializer_range,
    }


def _vision(sizes: Sizes) -> dict[str, Any]:
    vision = sizes.vision
    return {
        "depth": vision.depth,
        "hidden_size": vision.width,
        "intermediate_size": vision.mlp,
        "num_heads": vision.heads,
        "out_hidden_size": sizes.text.width,
        "fullatt_block_indexes": [vision.depth - 1],
        "initializer_range": sizes.initializer_range,
    }
