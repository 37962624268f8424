"""A server's failures as one ServiceError each, with address and next step, and without the key."""

from bizmeme.errors import ServiceError
from bizmeme.shell.keys import hidden

_REFUSED = (401, 403)


class Service:
    """Around every use of the SDK: `with service: …`."""

    def __init__(self, base_url: str, key: str, key_from: str) -> None:
        self.base_url = base_url
        self._key = key
        self._key_from = key_from

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type | None, error: BaseException | None, _: object) -> None:
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        if isinstance(error, ApiError):
            problem = f"{error.status_code} {_brief(error.body)}"
            check = f"that {self._key_from} is right" if error.status_code in _REFUSED else "that it runs"
        elif isinstance(error, httpx.HTTPError):
            problem = str(error).rstrip(".") or type(error).__name__
            check = "that it runs"
        else:
            return
        raise ServiceError(
            f"Label Studio at {self.base_url} failed: {hidden(problem, self._key)[:200]}. "
            f"Check {check}, then run again: what it holds is neither lost nor doubled."
        ) from None  # the SDK's own words may repeat the key


def _brief(body: object) -> str:
    """An error's body; of a web page only that it is one."""
    return "a web page" if str(body).lstrip().startswith("<") else str(body)
