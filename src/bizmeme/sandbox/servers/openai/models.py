"""The models on offer, as GET /v1/models and /v1/models/{id} tell them, and how each bills a picture.

Pictures are billed by the rules that the vendor publishes: of 512×512 px gpt-6-luna makes 16 × 16 patches,
1.2 tokens each; gpt-4o-mini takes 2,833 tokens at detail low, and 5,667 more a tile of 512 px otherwise.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from aiohttp import web

from bizmeme.sandbox.servers.common import as_json
from bizmeme.sandbox.servers.openai.wire import behind_a_key, listed
from bizmeme.sandbox.strangers.listening import RefusalError

PictureTokens = Callable[[int, int, str], int]
"""Tokens of a picture by its width and height in pixels, and the detail asked for."""

_PATCH_PX, _TILE_PX, _SQUARE_PX, _SHORT_PX = 32, 512, 2_048, 768


@dataclass(frozen=True, slots=True)
class Model:
    """One model."""

    name: str
    tokens: PictureTokens
    logprobs: bool = False
    decides: bool = False
    shutdown: str | None = None  # the day, where it is announced

    @property
    def card(self) -> Mapping[str, object]:
        """As the vendor describes it."""
        return {
            "id": self.name,
            "object": "model",
            "created": 0,
            "owned_by": "sandbox",
            "shutdown_date": self.shutdown,
        }


def in_patches(width_px: int, height_px: int, _: str, *, most: int, per_patch: float) -> int:
    """Patches of 32 px, so many at most: larger pictures are scaled down until whole patches fit."""
    across, down = width_px / _PATCH_PX, height_px / _PATCH_PX
    if math.ceil(across) * math.ceil(down) > most:
        shrink = math.sqrt(most / (across * down))
        shrink *= min(math.floor(side * shrink) / (side * shrink) for side in (across, down))
        across, down = round(across * shrink, 6), round(down * shrink, 6)
    return math.ceil(math.ceil(across) * math.ceil(down) * per_patch)


def in_tiles(width_px: int, height_px: int, detail: str, *, base: int, tile: int) -> int:
    """Tiles of 512 px, once the picture fits into 2,048 px and its shorter side into 768 px."""
    if detail == "low":
        return base
    fit = min(1.0, _SQUARE_PX / max(width_px, height_px))
    fit *= min(1.0, _SHORT_PX / (fit * min(width_px, height_px)))
    across, down = (math.ceil(max(1, round(side * fit)) / _TILE_PX) for side in (width_px, height_px))
    return base + tile * across * down


_SMALL = partial(in_patches, most=1_536)
_MODELS = (
    Model("gpt-6-luna", partial(in_patches, most=10_000, per_patch=1.2), decides=True),
    Model("gpt-5.4-nano", partial(_SMALL, per_patch=2.46), shutdown="2027-04-01"),
    Model("gpt-4.1-mini", partial(_SMALL, per_patch=1.62), logprobs=True, shutdown="2027-01-14"),
    Model("gpt-4.1-nano", partial(_SMALL, per_patch=2.46), logprobs=True, shutdown="2026-10-23"),
    Model("gpt-4o-mini", partial(in_tiles, base=2_833, tile=5_667), logprobs=True, shutdown="2027-01-14"),
)
MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _MODELS})


def model_named(name: object) -> Model:
    """The model that a request names; raises RefusalError."""
    if not isinstance(name, str):
        raise RefusalError("You must provide a model parameter.", param="model")
    if name not in MODELS:
        raise RefusalError(
            f"The model `{name}` does not exist or you do not have access to it.",
            status=404,
            code="model_not_found",
        )
    return MODELS[name]


def routes() -> Sequence[web.RouteDef]:
    """The models' addresses."""

    async def every(_: web.Request) -> web.Response:
        return listed([model.card for model in MODELS.values()])

    async def one(request: web.Request) -> web.Response:
        return as_json(model_named(request.match_info["model"]).card)

    return [
        web.get("/v1/models", behind_a_key(every)),
        web.get("/v1/models/{model}", behind_a_key(one)),
    ]
