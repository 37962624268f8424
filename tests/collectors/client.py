"""A collector in a process of its own: python -m tests.collectors.client BOARD MEDIA CLOCK HOME HOURS."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bizmeme.clocks.simulated import SimulatedClock
from bizmeme.collectors.board import build
from bizmeme.shell.collecting import Collecting, Means, Progress
from bizmeme.shell.hosts import visiting
from bizmeme.shell.journals import open_journal
from bizmeme.shell.media_store import MediaStore
from bizmeme.sources.board import Config

CONF = Path(__file__).parents[2] / "conf" / "collect" / "default.yaml"
VALUES: Any = OmegaConf.to_container(OmegaConf.load(CONF))


async def main(board: str, media: str, clock: str, home: Path, hours: float) -> None:
    pace = VALUES["pace"] | {"shortest_s": 60, "longest_s": 60}
    how = Collecting.model_validate(VALUES | {"hours": hours, "pace": pace, "kinds": ["thumbnail"]})
    collector = build(Config(name="board", board="biz", base_url=board, media_url=media))
    told: list[Progress] = []
    with open_journal(home, "day") as journal:
        async with visiting(how.manners, home / "hosts") as visit, SimulatedClock(clock).session() as timer:
            means = Means(visit, journal, MediaStore(home / "media"), timer)
            await collector.collect(means, how, told.append)
    print(dict(told[-1].counts))  # noqa: T201


if __name__ == "__main__":
    address, files, time_at, folder, length = sys.argv[1:]
    asyncio.run(main(address, files, time_at, Path(folder), float(length)))
