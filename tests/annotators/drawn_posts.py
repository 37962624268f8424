"""A folder of a pipeline whose posts were never scraped: as many as a test of labelling wants."""

import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.parquet import from_rows, write_table
from bizmeme.shell.pictures import Normalise, Picture, normalise
from bizmeme.tables.posts import Images, Posts
from bizmeme.tables.raw import RawLabels

_FIRST_NO, _PER_THREAD, _PER_DAY = 60_000_000, 4, 16
_HOW = Normalise(max_side_px=64, jpeg_quality=80, max_pixels=10_000)


def write_posts(folder: Path, count: int) -> None:
    """posts.parquet, images.parquet, data/images/ and an empty data/raw/labels.parquet."""
    chance = random.Random(7)
    pictures = [_picture(chance) for _ in range(count)]
    store = ImageStore(folder / "data" / "images")
    for each in pictures:
        store.put(each.sha256, each.data)
    (folder / "data" / "raw").mkdir()
    write_table(RawLabels, from_rows(RawLabels, []), folder / "data/raw/labels.parquet")
    write_table(
        Images, from_rows(Images, [_image(each) for each in pictures]), folder / "data/images.parquet"
    )
    rows = [_post(at, each.sha256) for at, each in enumerate(pictures)]
    write_table(Posts, from_rows(Posts, rows), folder / "data/posts.parquet")


def _picture(chance: random.Random) -> Picture:
    """Noise: no two are alike."""
    pixels = Image.frombytes("RGB", (8, 8), chance.randbytes(192)).resize((64, 64), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG")
    made = normalise(buffer.getvalue(), _HOW)
    assert isinstance(made, Picture)
    return made


def _image(picture: Picture) -> dict[str, Any]:
    return {
        "sha256": picture.sha256,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "perceptual_hash": picture.perceptual_hash,
        "thumbnail": picture.thumbnail,
    }


def _post(at: int, sha256: str) -> dict[str, Any]:
    posted_at = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=at // _PER_DAY, minutes=at % _PER_DAY)
    return {
        "board": "biz",
        "no": _FIRST_NO + at,
        "source": "board",
        "thread_no": _FIRST_NO + at - at % _PER_THREAD,
        "posted_at": posted_at,
        "subject": "",
        "text": f"what number {at} says",
        "deleted": False,
        "banned": False,
        "image_sha256": sha256,
    }
