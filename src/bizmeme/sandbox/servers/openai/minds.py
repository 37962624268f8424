"""What a model hears in messages, what it thinks of that, and what hearing it is billed."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from bizmeme.sandbox.servers import opinions
from bizmeme.sandbox.servers.common import Backstage
from bizmeme.sandbox.servers.openai.models import Model
from bizmeme.sandbox.strangers import listening
from bizmeme.sandbox.strangers.speaking import Opinion

_LEAST_CACHED, _CACHED_AT_ONCE = 1_024, 128


@dataclass(frozen=True, slots=True)
class Thought:
    """An opinion, and the tokens of what led to it."""

    opinion: Opinion
    prompt_tokens: int


def think(backstage: Backstage, model: Model, messages: object) -> Thought:
    """What the model thinks of the last user message; raises RefusalError."""
    bill = _picture_bill(model, as_if_px=backstage.config.serving.billed_picture_px)
    try:
        heard = listening.listen(messages, picture_tokens=bill)
        return Thought(opinions.form(backstage, "openai", heard), heard.prompt_tokens)
    except OSError as error:
        raise listening.unreadable() from error


def _picture_bill(model: Model, *, as_if_px: int | None) -> Callable[[bytes, str], int]:
    """Tokens of a picture by its bytes and the detail asked for, of its own size or of one stipulated."""

    def tokens(data: bytes, detail: str) -> int:
        width_px, height_px = Image.open(BytesIO(data)).size
        if as_if_px is not None:
            scale = as_if_px / max(width_px, height_px)
            width_px, height_px = (max(1, round(side * scale)) for side in (width_px, height_px))
        return model.tokens(width_px, height_px, detail)

    return tokens


def cached(prefix_tokens: int) -> int:
    """The part of a prompt that a vendor finds in its cache: of long prefixes, in steps of 128 tokens.

    As if the prefix that requests share had been seen before: an answer hangs on its request alone.
    """
    return 0 if prefix_tokens < _LEAST_CACHED else prefix_tokens // _CACHED_AT_ONCE * _CACHED_AT_ONCE
