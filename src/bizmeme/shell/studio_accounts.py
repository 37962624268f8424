"""Label Studio's front door: logging in as a person does, the personal access token, and whose a token is.

A personal access token is the refresh half of a pair of JSON web tokens: the server gives access for five
minutes in exchange. A person has one at a time, and it is shown only once.
"""

import tempfile
from pathlib import Path

import httpx

from bizmeme.errors import ServiceError
from bizmeme.shell.keys import hidden

_TIMEOUT_S = 60
_CONFLICT = 409


def personal_token(address: str, *, user: str, password: str) -> str:
    """Log in and fetch a new token; one whose text is lost is revoked. Raises ServiceError."""
    # Loopback is never behind a proxy.
    with httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=False) as client:
        try:
            _log_in(client, user, password)
            asked = _post(client, "/api/token/")
            if asked.status_code == _CONFLICT:
                for lost in client.get("/api/token/").raise_for_status().json():
                    _post(client, "/api/token/blacklist/", refresh=lost["token"]).raise_for_status()
                asked = _post(client, "/api/token/")
            return str(asked.raise_for_status().json()["token"])
        except httpx.HTTPError as error:
            raise ServiceError(
                f"Label Studio at {address} gave no access token ({_brief(error)}). Look at its log, then "
                "start it again with --new-password."
            ) from error


def _log_in(client: httpx.Client, user: str, password: str) -> None:
    client.get("/user/login/").raise_for_status()
    form = {"csrfmiddlewaretoken": client.cookies["csrftoken"], "email": user, "password": password}
    answer = client.post("/user/login/", data=form, headers={"Referer": f"{client.base_url}/user/login/"})
    if not answer.is_redirect:
        raise httpx.HTTPError(f"it does not let {user} in")


def _post(client: httpx.Client, path: str, **body: str) -> httpx.Response:
    headers = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": f"{client.base_url}/"}
    return client.post(path, json=body, headers=headers)


def whose(address: str, key: str) -> str:
    """The e-mail address of a key's owner. Raises ServiceError where the server is down or refuses it."""
    try:
        with httpx.Client(base_url=address, timeout=_TIMEOUT_S) as client:
            client.get("/health").raise_for_status()
            answer = client.get("/api/current-user/whoami", headers=_authorization(client, key))
            return str(answer.raise_for_status().json()["email"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
        raise ServiceError(
            f"Label Studio at {address} cannot be used: {hidden(_brief(error), key)}. Check "
            "$LABEL_STUDIO_URL, and that $LABEL_STUDIO_API_KEY is a token of it (Account & Settings, "
            "Personal Access Token). Unset the address to start a server of your own."
        ) from None  # the cause may repeat the key


def _authorization(client: httpx.Client, key: str) -> dict[str, str]:
    """The header for a personal access token, or for a legacy one where an older server still has those."""
    if key.count(".") != 2:  # noqa: PLR2004 — header, claims, signature
        return {"Authorization": f"Token {key}"}
    access = client.post("/api/token/refresh/", json={"refresh": key}).raise_for_status().json()["access"]
    return {"Authorization": f"Bearer {access}"}


def _brief(error: Exception) -> str:
    """Without where to read more."""
    return str(error).partition("\n")[0]


def store_token(file: Path, token: str) -> None:
    """Write it for its owner's eyes only, whole or not at all."""
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as unnamed:  # made with mode 0600
        unnamed.write(token + "\n")
    Path(unnamed.name).replace(file)
