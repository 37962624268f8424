"""What every route of OpenAI's has: a key, JSON that can be read, refusals in its shape, lists in pages."""

import json
from collections.abc import Mapping, Sequence

from aiohttp import web

from bizmeme.sandbox.servers.common import Route, as_json
from bizmeme.sandbox.strangers.listening import RefusalError

Body = Mapping[str, object]

_MOST_LISTED, _USUALLY_LISTED = 100, 20


def behind_a_key(route: Route) -> Route:
    """The route behind a key, its refusals in OpenAI's shape."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            if not request.headers.get("Authorization", "").removeprefix("Bearer").strip():
                raise RefusalError("You didn't provide an API key.", status=401, code="invalid_api_key")
            return await route(request)
        except RefusalError as refusal:
            return as_json(refusal.body, status=refusal.status)

    return answer


def parsed(raw: bytes) -> Body:
    """A request's JSON object; raises RefusalError."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise RefusalError("We could not parse the JSON body of your request.") from error
    if not isinstance(body, dict):
        raise RefusalError("The JSON body of your request must be an object.")
    return body


def asked_page(request: web.Request) -> tuple[str | None, int]:
    """`after` and `limit` of a list; raises RefusalError."""
    told = request.query.get("limit", str(_USUALLY_LISTED))
    if not told.isdigit() or not 1 <= int(told) <= _MOST_LISTED:
        raise RefusalError(f"'limit' must be 1 to {_MOST_LISTED}.", param="limit")
    return request.query.get("after"), int(told)


def listed(rows: Sequence[Mapping[str, object]], *, has_more: bool = False) -> web.Response:
    """A list as OpenAI writes it."""
    ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
    return as_json({"object": "list", "data": rows, "has_more": has_more} | ends)
