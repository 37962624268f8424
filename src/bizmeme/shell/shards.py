"""Pictures in tar files, the same bytes for the same pictures: no owner, no time, sorted names."""

import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bizmeme.errors import DataError


def write_shards(names: Sequence[str], folder: Path, *, read: Callable[[str], bytes], per_shard: int) -> None:
    """Write the pictures, already sorted, as 00000.tar, 00001.tar, …; older shards in the folder go."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.tar"):
        stale.unlink()
    for number, start in enumerate(range(0, len(names), per_shard)):
        with tarfile.open(folder / f"{number:05}.tar", "w", format=tarfile.USTAR_FORMAT) as shard:
            for name in names[start : start + per_shard]:
                data = read(name)
                member = tarfile.TarInfo(name)
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))


class Shards(dict[str, bytes]):
    """Picture files by name; asking for one that is not there raises DataError."""

    def __missing__(self, name: str) -> bytes:
        raise DataError(f"The pictures that prepare packed lack {name}. Run `dvc repro -f -s prepare`.")


def read_shards(*folders: Path) -> Shards:
    """Every picture file of the folders by name; raises DataError for a broken shard."""
    pictures = Shards()
    for path in (path for folder in folders for path in sorted(folder.glob("*.tar"))):
        try:
            with tarfile.open(path) as shard:
                for member in shard:
                    extracted = shard.extractfile(member)
                    assert extracted is not None
                    pictures[member.name] = extracted.read()
        except (tarfile.TarError, OSError) as error:
            raise DataError(f"{path} is broken ({error}). Run `dvc repro -f -s prepare`.") from error
    return pictures
