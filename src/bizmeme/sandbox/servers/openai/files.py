"""Files: POST /v1/files (multipart), GET /v1/files/{id}, GET /v1/files/{id}/content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from bizmeme.sandbox.clockwork import Clockwork
from bizmeme.sandbox.dice import digest
from bizmeme.sandbox.servers.common import as_json
from bizmeme.sandbox.servers.openai.wire import behind_a_key
from bizmeme.sandbox.strangers.listening import RefusalError

_KEPT_S = 30 * 86_400  # what a batch reads and writes; here only said
_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")


@dataclass(frozen=True, slots=True)
class File:
    """One file."""

    name: str
    filename: str
    purpose: str
    data: bytes
    created_at: int

    @property
    def card(self) -> Mapping[str, object]:
        """As the vendor describes it."""
        return {
            "id": self.name,
            "object": "file",
            "bytes": len(self.data),
            "created_at": self.created_at,
            "expires_at": self.created_at + _KEPT_S,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


@dataclass(slots=True)
class Files:
    """Every file of the account."""

    clockwork: Clockwork
    held: dict[str, File] = field(default_factory=dict)

    def keep(self, data: bytes, *, filename: str, purpose: str) -> File:
        """A new file."""
        name = f"file-{digest(len(self.held), filename, purpose):016x}"
        self.held[name] = File(name, filename, purpose, data, created_at=int(self.clockwork.now))
        return self.held[name]

    def named(self, name: object) -> File:
        """The file of that name; raises RefusalError."""
        if not isinstance(name, str) or name not in self.held:
            raise RefusalError(f"No such File object: {name}", status=404, param="id")
        return self.held[name]


def routes(files: Files) -> Sequence[web.RouteDef]:
    """Where files come and go."""

    async def upload(request: web.Request) -> web.Response:
        filename, purpose, data = await _received(request)
        return as_json(files.keep(data, filename=filename, purpose=purpose).card)

    async def one(request: web.Request) -> web.Response:
        return as_json(files.named(request.match_info["file"]).card)

    async def content(request: web.Request) -> web.Response:
        data = files.named(request.match_info["file"]).data
        return web.Response(body=data, content_type="application/octet-stream")

    return [
        web.post("/v1/files", behind_a_key(upload)),
        web.get("/v1/files/{file}", behind_a_key(one)),
        web.get("/v1/files/{file}/content", behind_a_key(content)),
    ]


async def _received(request: web.Request) -> tuple[str, str, bytes]:
    """A form's file name, purpose and bytes; raises RefusalError."""
    if not request.content_type.startswith("multipart/"):
        raise RefusalError("Expected a request of the type multipart/form-data.")
    filename, purpose, data = "", "", None
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name == "file":
            filename, data = part.filename or "", bytes(await part.read())
        elif isinstance(part, BodyPartReader) and part.name == "purpose":
            purpose = (await part.read()).decode()
    if data is None:
        raise RefusalError("'file' is a required property", param="file")
    if purpose not in _PURPOSES:
        raise RefusalError(f"'{purpose}' is not one of {list(_PURPOSES)} - 'purpose'", param="purpose")
    return filename, purpose, data
