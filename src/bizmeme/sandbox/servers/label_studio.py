"""Label Studio on loopback: the routes that label-studio-sdk 2.1.2 calls, as the Community edition answers.

    GET  /api/version/            Community, so that exports are downloaded at once
    GET  /api/projects/?title=    POST /api/projects/    GET, PATCH /api/projects/{id}/
    POST /api/projects/{id}/import?return_task_ids=true
    GET  /api/tasks/?project=&page=&page_size=&fields=all
    GET  /api/projects/{id}/export?export_type=JSON

A page past the last is a 404, which the SDK takes for the end.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeVar

from aiohttp import web

from bizmeme.sandbox.servers.common import Backstage, Route, application, as_json
from bizmeme.sandbox.strangers.studio import Fields, Project, Studio

T = TypeVar("T")

_DEFAULT_PAGE = 30
_LARGEST_PAGE = 10_000
_PARTS = ("label-studio-os-package", "label-studio-os-backend", "label-studio-frontend",
          "label-studio-converter", "dm2", "lsf", "backend")  # fmt: skip


class _RefusedError(Exception):
    """An error answer; `status` and a `detail` as Django's REST framework gives them."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def app(backstage: Backstage) -> web.Application:
    """The server."""
    desk = _Desk(backstage)
    routes = [
        web.get("/health", desk.health),
        web.get("/api/version/", _answered(desk.version)),
        web.get("/api/projects/", _answered(desk.list_projects)),
        web.post("/api/projects/", _answered(desk.create_project)),
        web.get(r"/api/projects/{id:\d+}/", _answered(desk.get_project)),
        web.patch(r"/api/projects/{id:\d+}/", _answered(desk.update_project)),
        web.post(r"/api/projects/{id:\d+}/import", _answered(desk.import_tasks)),
        web.get(r"/api/projects/{id:\d+}/export", _answered(desk.export)),
        web.get("/api/tasks/", _answered(desk.list_tasks)),
    ]
    return application(backstage, routes)


def _answered(route: Route) -> Route:
    """The route behind a legacy token; refusals as JSON."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            if not request.headers.get("Authorization", "").removeprefix("Token").strip():
                raise _RefusedError(401, "Authentication credentials were not provided.")
            return await route(request)
        except _RefusedError as refusal:
            return as_json({"status_code": refusal.status, "detail": str(refusal)}, status=refusal.status)

    return answer


class _Desk:
    """The routes over one studio."""

    def __init__(self, backstage: Backstage) -> None:
        self._studio = Studio(backstage.config, backstage.reader)
        self._clockwork = backstage.clockwork

    async def health(self, _: web.Request) -> web.Response:
        return as_json({"status": "UP"})

    async def version(self, _: web.Request) -> web.Response:
        parts: Fields = {part: {"version": "1.23.2"} for part in _PARTS}
        return as_json({"release": "1.23.2", "edition": "Community"} | parts)

    async def list_projects(self, request: web.Request) -> web.Response:
        title = request.query.get("title", "").lower()
        found = [
            _shown(project)
            for project in self._studio.projects.values()
            if title in str(project.settings.get("title", "")).lower()
        ]
        rows, more = _page(found, request)
        following = str(request.url.update_query(page=_number(request, "page", 1) + 1)) if more else None
        return as_json({"count": len(found), "next": following, "previous": None, "results": rows})

    async def create_project(self, request: web.Request) -> web.Response:
        settings = _settings(await _body(request))
        try:
            project = self._studio.create(settings, now=self._clockwork.now)
        except ValueError as error:
            raise _RefusedError(400, str(error)) from error
        return as_json(_shown(project), status=201)

    async def update_project(self, request: web.Request) -> web.Response:
        project = self._project(request.match_info["id"])
        try:
            self._studio.update(project, _settings(await _body(request)))
        except ValueError as error:
            raise _RefusedError(400, str(error)) from error
        return as_json(_shown(project))

    async def get_project(self, request: web.Request) -> web.Response:
        return as_json(_shown(self._project(request.match_info["id"])))

    async def import_tasks(self, request: web.Request) -> web.Response:
        project = self._project(request.match_info["id"])
        tasks = [self._imported(project, row) for row in _rows(await _body(request))]
        answer: Fields = {
            "task_count": len(tasks),
            "annotation_count": 0,
            "predictions_count": 0,
            "duration": 0.0,
            "file_upload_ids": [],
            "could_be_tasks_list": False,
            "found_formats": [],
            "data_columns": [],
        }
        if request.query.get("return_task_ids", "").lower() == "true":
            answer["task_ids"] = [task["id"] for task in tasks]
        return as_json(answer, status=201)

    def _imported(self, project: Project, row: Mapping[str, object]) -> Fields:
        data = row.get("data", row)
        if not isinstance(data, dict):
            raise _RefusedError(400, "Task data must be an object.")
        try:
            return self._studio.add(project, data, now=self._clockwork.now)
        except ValueError as error:
            raise _RefusedError(400, str(error)) from error

    async def list_tasks(self, request: web.Request) -> web.Response:
        project = self._project(request.query.get("project", ""))
        rows, _ = _page(project.tasks, request)
        if request.query.get("fields") != "all":
            rows = [{key: task[key] for key in ("id", "data", "project", "is_labeled")} for task in rows]
        annotations = sum(int(str(task["total_annotations"])) for task in project.tasks)
        totals = {"total": len(project.tasks), "total_annotations": annotations, "total_predictions": 0}
        return as_json({"tasks": rows} | totals)

    async def export(self, request: web.Request) -> web.Response:
        if request.query.get("export_type", "JSON") != "JSON":
            raise _RefusedError(400, "The sandbox exports JSON only.")
        return as_json(self._project(request.match_info["id"]).tasks)

    def _project(self, number: str) -> Project:
        project = self._studio.projects.get(int(number)) if number.isdecimal() else None
        if project is None:
            raise _RefusedError(404, "No Project matches the given query.")
        return project


def _shown(project: Project) -> Fields:
    return {"id": project.id, "task_number": len(project.tasks)} | project.settings


def _page(rows: Sequence[T], request: web.Request) -> tuple[Sequence[T], bool]:
    """The rows of the asked page, and whether more follow; only the first page may be empty."""
    page, size = _number(request, "page", 1), _number(request, "page_size", _DEFAULT_PAGE)
    if not (1 <= size <= _LARGEST_PAGE and page >= 1) or (page > 1 and (page - 1) * size >= len(rows)):
        raise _RefusedError(404, "Invalid page.")
    return rows[(page - 1) * size : page * size], page * size < len(rows)


def _number(request: web.Request, name: str, absent: int) -> int:
    text = request.query.get(name, str(absent))
    return int(text) if text.isdecimal() else 0


async def _body(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise _RefusedError(400, f"JSON parse error: {error}") from error


def _settings(body: object) -> Fields:
    if not isinstance(body, dict):
        raise _RefusedError(400, "Expected an object.")
    return body


def _rows(body: object) -> Sequence[Mapping[str, object]]:
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise _RefusedError(400, "Expected a list of tasks.")
    return body
