"""What stands before both hosts: the rule keeper with the log, and behind it whatever goes wrong on the wire.

Whether a request meets trouble hangs on its path and the time alone, so a run can be repeated.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bizmeme.sandbox.dice import share
from bizmeme.sandbox.live.config_trouble import BurstConfig, Host, TroubleConfig
from bizmeme.sandbox.live.rules import Ask
from bizmeme.sandbox.live.stage import Answer, LiveStage
from bizmeme.sandbox.servers import manners
from bizmeme.sandbox.servers.common import http_date

# What is noted of a request behind the gate, for the log.
TROUBLE = web.RequestKey("trouble", str)
STATE_AT = web.RequestKey("state_at", float)

ROLLBACK = "rollback"

_CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    '<body><div id="cf-chl-widget">Checking your browser before accessing the site.</div></body></html>'
)
_EMPTY = (b"[]", b'[{"page":1,"threads":[]}]')
_NOT_FOUND = 404
_INDEXES = ("catalog.json", "threads.json")


def gate(stage: LiveStage, host: Host) -> Middleware:
    """Judge every request, let it through or not, and log what it got."""
    keeper = stage.keepers[host]

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_"):
            return await handler(request)
        ask = _ask(request, stage.clockwork.now)
        wait = keeper.judge(ask)
        if wait is not None:
            response: web.StreamResponse = manners.page(429, "Too Many Requests", retry_after_s=wait)
            request[TROUBLE] = "rules"
        else:
            response = await _or_not_found(request, handler)
            if response.status == _NOT_FOUND and request.match_info.http_exception is not None:
                keeper.note("unknown", ask)
            keeper.answered(ask, response.status, response.headers)
        _log(stage, host, request, response)
        return response

    return admit


def _ask(request: web.Request, now: float) -> Ask:
    headers = request.headers
    return Ask(
        now,
        request.method,
        request.path,
        request.query_string,
        headers.get("User-Agent", ""),
        headers.get("If-Modified-Since"),
    )


async def _or_not_found(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return manners.page(404, "Not Found")


def _log(stage: LiveStage, host: Host, request: web.Request, response: web.StreamResponse) -> None:
    now, trouble = stage.clockwork.now, request.get(TROUBLE, "")
    status = 0 if trouble == "hang_up" else response.status
    stage.log.append(Answer(now, host, request.path, status, request.get(STATE_AT, now), trouble))
    if trouble:
        stage.troubles[f"{host} {trouble}"] += 1


def troubled(stage: LiveStage, host: Host) -> Middleware:
    """Let go wrong what the configuration says."""
    trouble = stage.config.trouble

    @web.middleware
    async def suffer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if trouble is None or request.path.startswith("/_"):
            return await handler(request)
        burst = _burst(stage, trouble, host)
        if burst is not None:
            request[TROUBLE] = burst.trouble
            return _refused(burst)
        kind = _drawn(stage, trouble, request, host)
        if not kind:
            return await handler(request)
        request[TROUBLE] = kind
        return await _befall(stage, kind, request, handler)

    return suffer


def _burst(stage: LiveStage, trouble: TroubleConfig, host: Host) -> BurstConfig | None:
    passed_s = stage.clockwork.now - stage.config.begins_at_s
    for burst in trouble.bursts:
        if burst.host == host and 0 <= passed_s - 60 * burst.at_min < burst.for_s:
            return burst
    return None


def _refused(burst: BurstConfig) -> web.Response:
    if burst.trouble == "busy":
        return manners.page(burst.status, "Please wait", retry_after_s=burst.retry_after_s)
    headers = {} if burst.retry_after_s is None else {"Retry-After": str(burst.retry_after_s)}
    return web.Response(text=_CHALLENGE, status=burst.status, content_type="text/html", headers=headers)


def _drawn(stage: LiveStage, trouble: TroubleConfig, request: web.Request, host: Host) -> str:
    """Which trouble a request meets; mostly none."""
    odds = {"hang_up": trouble.hang_up_share, "redirect": trouble.redirect_share}
    if host == "board":
        odds |= {"page": trouble.page_share, "torn": trouble.torn_share, ROLLBACK: trouble.rollback_share}
        if request.path.endswith(_INDEXES):
            odds["empty"] = trouble.empty_share
    draw = share("trouble", stage.config.seed, request.path, stage.clockwork.now)
    for kind, odd in odds.items():
        if draw < odd:
            return kind
        draw -= odd
    return ""


async def _befall(stage: LiveStage, kind: str, request: web.Request, handler: Handler) -> web.StreamResponse:
    if kind == "hang_up":
        assert request.transport is not None
        request.transport.abort()
        return web.Response()
    if kind == "redirect":
        return web.Response(status=302, headers={"Location": stage.elsewhere[0] + request.path})
    if kind == "empty":
        now = stage.clockwork.now
        body = _EMPTY[int(2 * share("empty", now))]
        headers = {"Last-Modified": http_date(now)}
        return web.Response(body=body, content_type="application/json", headers=headers)
    if kind == "page":
        page = manners.page(200, "Scheduled maintenance")
        if share("page", stage.clockwork.now) < 1 / 2:
            page.content_type = "application/json"
        return page
    try:
        return _spoilt(kind, await handler(request), request)
    except web.HTTPNotFound:
        request[TROUBLE] = ""  # a 404 cannot be torn, nor rolled back
        raise


def _spoilt(kind: str, whole: web.StreamResponse, request: web.Request) -> web.StreamResponse:
    """A rolled-back answer has been chosen behind; a torn one loses its second half."""
    if kind == "torn":
        if not isinstance(whole, web.Response) or not isinstance(whole.body, bytes) or not whole.body:
            request[TROUBLE] = ""
        else:
            whole.body = whole.body[: len(whole.body) // 2]
    return whole
