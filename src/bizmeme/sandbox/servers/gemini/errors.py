"""Errors as Google's APIs write them: a code, and a status word.

{"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}
"""

from collections.abc import Mapping
from types import MappingProxyType

Body = dict[str, object]

_WORDS: Mapping[int, str] = MappingProxyType(
    {
        400: "INVALID_ARGUMENT",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
    }
)


class GoogleError(Exception):
    """A request that cannot be answered: an error's body, and the HTTP status it comes with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.body: Body = {"error": {"code": code, "message": message, "status": _WORDS[code]}}


def no_key() -> GoogleError:
    """The refusal of a request without a key."""
    return GoogleError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API "
        "Key or other form of API consumer identity to call this API.",
    )


def unreadable() -> GoogleError:
    """The refusal of bytes that are no image."""
    return GoogleError(400, "Unable to process input image. Please retry or report a problem.")
