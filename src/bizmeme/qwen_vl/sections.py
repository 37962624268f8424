"""What every model family is configured by: precision, quantisation, targets, pixels, a training's pace.

A family's own `Config` (tiny.py, qwen2_5_vl.py) adds what only it needs. This module loads no torch.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from bizmeme.core.settings import PositiveInt, Section

Precision = Literal["float32", "bfloat16"]
Count = Annotated[int, Field(ge=0)]


class Quantisation(Section):
    """How the frozen base is packed to 4 bits (QLoRA: Dettmers et al. 2023, arXiv 2305.14314)."""

    kind: Literal["nf4", "fp4"]
    """The 4-bit code book."""

    double: bool
    """Quantise the scales as well, which saves another 0.4 bits per weight."""

    compute: Precision
    """What weights are unpacked to; on a CPU bfloat16 costs twice as much as float32."""

    skip: tuple[str, ...]
    """Modules left whole, by full name or ending: `model.visual` for the vision tower. The list replaces the
    library's own, so `lm_head` has to stand in it."""


class Targets(Section):
    """Where the adapter sits."""

    pattern: str
    """A regular expression over whole module names; LoRA is added to every match."""

    counts: Mapping[str, Count]
    """Part of a module name → how many matches have it: a library that renames its modules is noticed."""


class Pixels(Section):
    """How large a picture reaches the model; its token count follows (28 × 28 px are one token)."""

    smallest: PositiveInt
    """Area in px²; smaller pictures are enlarged."""

    largest: PositiveInt
    """Area in px²; larger pictures are shrunk."""


class Explanation(Section):
    """What the base, with the adapter switched off, is asked where an explanation is wanted."""

    question: Annotated[str, Field(pattern=r"\{text\}")]
    """The user turn; `{text}` is the post's text, `{label}` the label that was found."""

    max_new_tokens: PositiveInt
    """The longest explanation."""


class Family(Section):
    """What loading any model of the Qwen2.5-VL architecture needs; stored in training_args.json."""

    name: str
    """The file under src/bizmeme/vlms/ that builds the family."""

    precision: Precision
    """Of the weights that are not quantised."""

    quantisation: Quantisation | None
    """How the base is packed; null leaves it whole."""

    targets: Targets
    """The modules that get an adapter."""

    pixels: Pixels
    """The picture's size."""

    explanation: Explanation
    """The question behind `analyze(..., explain=True)`."""

    scoring_batch_size: PositiveInt
    """Posts per forward pass when probabilities are asked for."""


class Pace(Section):
    """What pre-training and fine-tuning have in common."""

    learning_rate: Annotated[float, Field(gt=0, lt=1)]
    """Peak learning rate of AdamW; it falls along a cosine."""

    final_learning_rate: Annotated[float, Field(ge=0, le=1)]
    """Where the cosine ends, as a share of the peak."""

    warmup_steps: Count
    """Steps of linear rise to the peak."""

    weight_decay: Annotated[float, Field(ge=0, le=1)]
    """Of AdamW."""

    max_gradient_norm: Annotated[float, Field(gt=0)]
    """Longer gradients are shortened to this."""

    batch_size: PositiveInt
    """Examples per forward and backward pass."""

    log_every_steps: PositiveInt
    """How often loss and gradient norm are written down, and looked at for NaN."""

    checkpoint_every_steps: PositiveInt
    """How much work a killed run loses at most."""

    threads: PositiveInt
    """Of torch, on a CPU; part of the recipe, since another number splits sums elsewhere: other bytes."""


class Lora(Section):
    """The adapter's shape (LoRA: Hu et al. 2021, arXiv 2106.09685)."""

    r: PositiveInt
    """Rank."""

    alpha: PositiveInt
    """The update is scaled by `alpha / r`."""

    dropout: Annotated[float, Field(ge=0, lt=1)]
    """On the adapter's input."""
