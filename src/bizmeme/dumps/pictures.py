"""A folder of picture files, and which of them is a post's.

    images/1759276800123456.jpg   by the name in the row, by the board's own name, by the post's number

The folder is never left: names are looked up among the files that lie in it, and a link that leads out of it
counts as missing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from bizmeme.dumps import addresses
from bizmeme.errors import DataError
from bizmeme.ports.imports import ImportedPost, NoPicture, Rules

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_HEAD_BYTES = 16
_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp")


class PictureFolder:
    """ports.Pictures; without a folder, only media paths are left."""

    def __init__(self, folder: Path | None, rules: Rules) -> None:
        """List the files; raises DataError where there is no such folder."""
        if folder is not None and not folder.is_dir():
            raise DataError(f"--pictures {folder}: there is no such folder.")
        self._root = folder.resolve() if folder else None
        self._limit_bytes = rules.how.limits.picture_mib * 2**20
        self._by_stem: dict[str, list[str]] = {}
        for path in _files(self._root) if self._root else ():
            self._by_stem.setdefault(Path(path).stem, []).append(path)

    def of(self, post: ImportedPost) -> bytes | NoPicture:
        """The post's picture file, or why there is none."""
        if post.picture and ".." in addresses.parts_of(post.picture):
            return NoPicture("the picture's path leads out of its folder", post.picture)
        found = self._named(post)
        if isinstance(found, str):
            return self._read(found)
        if found is not None:
            return found
        if post.media_path or (post.picture is None and post.tim is None):
            return NoPicture()
        return self._missing(post.picture)

    def _missing(self, picture: str | None) -> NoPicture:
        if picture and addresses.host(picture) is not None:
            return NoPicture("the picture's address is not of the configured media host", picture)
        if self._root is None:
            return NoPicture("no folder of pictures was named (--pictures)", picture or "")
        return NoPicture("the picture is not in the folder", picture or "")

    def _named(self, post: ImportedPost) -> str | NoPicture | None:
        """The file that a post's picture may be, best guess first; or why one cannot be chosen."""
        if post.picture:
            parts = addresses.parts_of(post.picture)
            alike = self._by_stem.get(addresses.stem(post.picture), [])
            if exact := _longest_match(alike, parts):
                return exact[0] if len(exact) == 1 else NoPicture("several files have its name", post.picture)
        stems = [addresses.stem(post.picture)] if post.picture else []
        stems += [f"{post.tim}", f"{post.tim}s"] if post.tim else []
        for stem in (*stems, str(post.no)):
            usable = [each for each in self._by_stem.get(stem, []) if each.lower().endswith(_ENDINGS)]
            if len(usable) > 1:
                return NoPicture("several files have its name", stem)
            if usable:
                return usable[0]
        return None

    def _read(self, name: str) -> bytes | NoPicture:
        assert self._root is not None
        path = self._root / name
        try:
            if not addresses.inside(path, self._root):
                return NoPicture("the picture is a link out of its folder", name)
            if not path.is_file():
                return NoPicture("the picture is no file", name)
            with path.open("rb") as file:
                data = file.read(self._limit_bytes + 1)
        except OSError as error:
            return NoPicture("the picture cannot be read", f"{name}: {error.strerror}")
        if len(data) > self._limit_bytes:
            return NoPicture(f"the picture is larger than {self._limit_bytes // 2**20} MiB", name)
        return data if _is_picture(data) else NoPicture("not a JPEG, PNG, GIF or WebP picture", name)


def _files(root: Path) -> Iterator[str]:
    """Every file below a folder, relative to it, links to folders not followed."""
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            yield str(Path(folder, name).relative_to(root))


def _longest_match(candidates: list[str], parts: tuple[str, ...]) -> list[str]:
    """The candidates that share the most of a path's last parts; none where not even the name is the same."""
    best, most = list[str](), 0
    for candidate in candidates:
        same = _common(Path(candidate).parts, parts)
        if same > most:
            best, most = [candidate], same
        elif same == most and same:
            best.append(candidate)
    return best


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    pairs = zip(reversed(left), reversed(right), strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _is_picture(data: bytes) -> bool:
    head = data[:_HEAD_BYTES]
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
