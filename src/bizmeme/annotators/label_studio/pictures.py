"""How a picture comes to the people: inside of its task, or from a folder that the server reads.

inside   "data:image/jpeg;base64,…"                any server; its database carries the pictures
folder   "/data/local-files/?d=images/<sha>.jpg"   the server of `make label-studio`, thousands of pictures
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from bizmeme.shell.image_store import ImageStore
from bizmeme.shell.progress import counting

Pictures = Literal["inside", "folder"]

_ROUTE = "/data/local-files/?d="
_FOLDER = "images"
_AT_ONCE = 8
_OK = 200


class Shelf:
    """The pictures of tasks, from `store`; those that lie in a folder are copied below `files`."""

    def __init__(self, how: Pictures, store: ImageStore, files: Path) -> None:
        self.how = how
        self.folder = files.resolve() / _FOLDER  # the server compares paths by their text
        self._store = store

    def shown(self, sha256: str) -> str:
        """The value of a task's `image`; raises DataError where the picture is missing."""
        if self.how == "inside":
            return "data:image/jpeg;base64," + base64.b64encode(self._store.read(sha256)).decode()
        return f"{_ROUTE}{_FOLDER}/{sha256}.jpg"

    def fill(self, pictures: Iterable[str]) -> None:
        """Put those into the folder that it lacks; raises DataError for a picture that is nowhere."""
        if self.how == "folder":
            there = ImageStore(self.folder)
            for sha256 in pictures:
                if not (self.folder / f"{sha256}.jpg").exists():
                    there.put(sha256, self._store.read(sha256))

    def share(self, client: Any, project: int) -> None:
        """Allow the server to show the folder in that project."""
        if self.how == "inside":
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        shared = {each.path for each in client.import_storage.local.list(project=project)}
        if str(self.folder) not in shared:
            client.import_storage.local.create(
                project=project, path=str(self.folder), title="bizmeme pictures", use_blob_urls=False
            )


def unreachable(client: Any, base_url: str, images: Iterable[str]) -> list[str]:
    """The pictures that do not answer 200, with their status; those inside of tasks need no answer."""
    import httpx

    asked = sorted({image for image in images if image.startswith("/")})
    with httpx.Client(base_url=base_url) as web, ThreadPoolExecutor(_AT_ONCE) as pool:

        def status(image: str) -> int:
            return web.get(image, headers=client._client_wrapper.get_headers()).status_code

        return list(_bad(asked, pool.map(status, asked)))


def _bad(images: Sequence[str], statuses: Iterable[int]) -> Iterator[str]:
    with counting("pictures looked for", len(images)) as tick:
        for image, status in zip(images, statuses, strict=True):
            tick("")
            if status != _OK:
                yield f"{image.removeprefix(_ROUTE)}: {status}"
