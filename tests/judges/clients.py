"""Our own clients, as the stage auto_label puts them together, at an address that a test names."""

import asyncio
import io
from collections.abc import Mapping
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

from bizmeme.clocks.wall import Config as WallConfig
from bizmeme.clocks.wall import build as wall_clock
from bizmeme.core.prices import PriceTable
from bizmeme.core.prompts import fenced_post, instruction
from bizmeme.core.vocabulary import Labels
from bizmeme.ports.labellers import Labeller, Picture, Question
from bizmeme.shell.journals import open_journal
from bizmeme.shell.paying.asking import LiveDesk
from bizmeme.shell.paying.desk import Asking
from bizmeme.shell.paying.till import Asked
from tests.judges.servers import ROOT, Vendor

LABELS = Labels(name="mood", names=("bearish", "neutral", "bullish"))
KEY = "BIZMEME_SANDBOX_KEY"
_SIDE_PX = 64


def labeller(vendor: Vendor, base_url: str, *, at_once: int) -> Labeller:
    """conf/labeller/'s, live, at that address and without limits a minute."""
    section: dict[str, Any] = yaml.safe_load((ROOT / f"conf/labeller/{vendor}.yaml").read_text())[vendor]
    limits = dict.fromkeys(section["limits"]) | {"concurrency": at_once}
    section |= {"base_url": base_url, "mode": "live", "api_key_env": KEY, "limits": limits}
    module = import_module(f"bizmeme.labellers.{vendor}")
    made: Labeller = module.build(module.Config(**section), labels=LABELS, prices=prices())
    return made


def prices() -> PriceTable:
    """conf/prices/'s."""
    (file,) = (ROOT / "conf" / "prices").glob("*.yaml")
    return PriceTable.model_validate(yaml.safe_load(file.read_text()))


def asked(vendor: Vendor, base_url: str, home: Path, *, posts: int, how: Asking) -> dict[int, Asked]:
    """What each of so many posts was answered; each with a text of its own: no two requests are alike."""
    picture, image = drawn()
    told = instruction(LABELS, "Judge the mood.")
    questions = {
        number: Question(told, fenced_post("of today", f"post {number}", max_chars=100), picture)
        for number in range(posts)
    }

    async def every() -> Mapping[int, Asked]:
        client = labeller(vendor, base_url, at_once=16)
        try:
            desk = LiveDesk(client, vendor, journal, how=how, cap_usd=10)
            return await desk.ask_all(questions, {picture.sha256: image}.__getitem__, clock, what="judged")
        finally:
            await client.close()

    clock = wall_clock(WallConfig(name="wall"))
    with open_journal(home, "real") as journal:
        return dict(asyncio.run(every()))


def drawn() -> tuple[Picture, bytes]:
    """A JPEG."""
    data = io.BytesIO()
    Image.fromarray(np.zeros((_SIDE_PX, _SIDE_PX, 3), np.uint8)).save(data, "JPEG")
    image = data.getvalue()
    return Picture(sha256(image).hexdigest(), _SIDE_PX, _SIDE_PX), image
