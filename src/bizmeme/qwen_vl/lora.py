"""LoRA adapters: put on a base, saved without a trace of the machine, loaded with every key accounted for.

peft and torch are imported at first use.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bizmeme.errors import ModelError
from bizmeme.qwen_vl.bases import fingerprint as file_fingerprint
from bizmeme.qwen_vl.sections import Lora, Targets

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from transformers import PreTrainedModel

WEIGHTS = "adapter_model.safetensors"


def attach(model: "PreTrainedModel", lora: Lora, *, targets: Targets) -> "PeftModel":
    """The base with a fresh adapter; ModelError if it sits elsewhere than `targets` expects."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets.pattern,
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    _check_counts(adapted, targets)
    return adapted


def in_float32(model: "PeftModel") -> None:
    """Undo trl's cast: it turns the adapter of a quantised model to bfloat16, slower and worse on a CPU."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def targeted(model: "PeftModel") -> list[str]:
    """The names of the modules that carry an adapter, in the model's order."""
    return list(model.base_model.targeted_module_names)


def save(model: "PeftModel", folder: Path, *, base: str) -> None:
    """Write adapter_config.json and adapter_model.safetensors; `base` is how the former names the base.

    peft's own `save_pretrained` would add a model card, and an absolute path where the base is a folder.
    """
    from safetensors.torch import save_file

    config = model.peft_config["default"]
    config.base_model_name_or_path = base
    config.inference_mode = True
    config.save_pretrained(str(folder))
    save_file(_weights(model), folder / WEIGHTS, metadata={"format": "pt"})


def load(model: "PreTrainedModel", folder: Path) -> "PeftModel":
    """The base with the adapter of `folder`; ModelError on any missing, unexpected or misshapen matrix."""
    from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
    from safetensors.torch import load_file

    config = LoraConfig.from_pretrained(str(folder))
    config.base_model_name_or_path = None  # else peft warns that the base lies elsewhere now
    adapted = get_peft_model(model, config)
    weights = load_file(folder / WEIGHTS)
    _check_weights(adapted, weights, folder)
    set_peft_model_state_dict(adapted, weights)
    return adapted.requires_grad_(False).eval()


def fingerprint(folder: Path) -> str:
    """What runs and scores know an adapter by: the SHA-256 of its weights."""
    return file_fingerprint(folder / WEIGHTS)


def _check_counts(model: "PeftModel", targets: Targets) -> None:
    names = targeted(model)
    found = {part: sum(part in name for name in names) for part in targets.counts}
    if found != dict(targets.counts) or sum(found.values()) != len(names):
        raise ModelError(
            f"The pattern of vlm.targets matches {len(names)} modules, {found}, not {dict(targets.counts)}. "
            "A library may have renamed its modules: correct `pattern` or `counts` in conf/vlm/."
        )


def _weights(model: "PeftModel") -> "dict[str, Tensor]":
    from peft import get_peft_model_state_dict

    # Left to itself, peft looks the base up by its name to see whether embeddings have to be saved as well.
    found: dict[str, Tensor] = get_peft_model_state_dict(model, save_embedding_layers=False)
    return found


def _check_weights(model: "PeftModel", weights: "dict[str, Tensor]", folder: Path) -> None:
    # peft skips keys that do not fit, and leaves a random matrix where one is missing.
    wanted = {name: tensor.shape for name, tensor in _weights(model).items()}
    found = {name: tensor.shape for name, tensor in weights.items()}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise ModelError(
            f"{folder / WEIGHTS} does not fit its base: {len(wrong)} of {len(wanted)} matrices are missing, "
            f"unexpected or of another shape, first {wrong[0]}. Train again on this base."
        )
