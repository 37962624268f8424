"""base: the model that gets the adapter: a tiny one pre-trained here, or a hub model's pinned revision.

The tiny base learns from captioned pictures of another seed, with words for what is seen and never a mood.
"""

import asyncio
import base64
import shutil
from typing import Any

from bizmeme.core.chat import StudentPrompt
from bizmeme.core.settings import Plugin, Section, Seed
from bizmeme.core.vocabulary import Labels
from bizmeme.errors import ConfigError
from bizmeme.ports.vlms import Caption, Course
from bizmeme.qwen_vl.pretrain import Pretraining
from bizmeme.shell.builder import build
from bizmeme.shell.documents import fetch_json
from bizmeme.shell.workspace import Workspace

_PER_REQUEST = 500
_TIMEOUT_S = 120


class BaseConfig(Section):
    """How the base is made."""

    name: str
    """The file that holds these values."""

    captions_url: str | None
    """Where captioned pictures are; null for a model of the hub."""

    pretraining: Pretraining | None
    """How a tiny model is pre-trained; null for a model of the hub."""


class Params(Section):
    """The sections that this stage reads."""

    base: BaseConfig
    vlm: Plugin
    labels: Labels
    prompt: StudentPrompt
    seed: Seed
    sandbox: dict[str, Any] | None


def run(params: Params, workspace: Workspace) -> None:
    """Fetch the captions that the family needs, make the base, write models/base."""
    vlm = build("vlm", params.vlm)
    captions = asyncio.run(_captions(params.base.captions_url)) if vlm.needs_captions() else []
    folder = workspace.write("models/base/config.json").parent
    checkpoints = workspace.checkpoints(of=[], parameters=params.model_dump(exclude={"sandbox", "base"}) | {
        "captions": captions, "pretraining": params.base.pretraining,
    })  # fmt: skip
    vlm.make_base(captions, folder, labels=params.labels.names, course=_course(params, checkpoints))
    shutil.rmtree(checkpoints, ignore_errors=True)


def _course(params: Params, checkpoints: Any) -> Course[Pretraining] | None:
    if params.base.pretraining is None:
        return None
    return Course(params.base.pretraining, params.prompt, params.seed, checkpoints)


async def _captions(url: str | None) -> list[Caption]:
    """Every caption of the route, in its order."""
    if url is None:
        raise ConfigError(
            "This vlm is pre-trained on captions, but base.captions_url is null. Choose base: tiny."
        )
    captions: list[Caption] = []
    total = 1
    while len(captions) < total:
        query = f"{url}/captions?offset={len(captions)}&limit={_PER_REQUEST}"
        page = await fetch_json(query, timeout_s=_TIMEOUT_S)
        total = page["total"]
        captions += [_caption(each) for each in page["captions"]]
    return captions


def _caption(told: dict[str, str]) -> Caption:
    image = base64.b64decode(told["image"])
    return Caption(image, told["text"], told["scene"], told["face"], told["topic"])
