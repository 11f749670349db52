"""OpenAI's batch protocol in front of any way to answer a request: files, batches, their replies.

Everything is in this process's memory and ends with it, so that batch mode can be tried without a
provider. A batch's lines are answered a few at a time, as they stand in the file.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttc.serve.errors import ApiError
from ttc.serve.uploads import read_form

Json = dict[str, Any]
Answer = Callable[[str, Any], Awaitable[tuple[int, Any]]]
"""Answers the body of a request to a route: an HTTP status and a body."""
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
MOST_KEPT = 1_000_000_000
WINDOW_S = 86_400
_AT_A_TIME = 16
_ROUTES = ("/v1/chat/completions", "/v1/completions")
_PAGE = 100


@dataclass
class Job:
    """A batch. `output` and `errors` are lines; `over` is its end in words of the protocol."""

    id: str
    file: str
    endpoint: str
    metadata: Json
    created: int
    status: str = "validating"
    total: int = 0
    faults: list[Json] = field(default_factory=list)
    output: list[Json] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)
    moments: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    work: asyncio.Task[None] | None = None

    def move(self, status: str) -> None:
        """Go to a status, now."""
        self.status = status
        self.moments[f"{status}_at"] = int(time.time())

    def as_dict(self, window: float) -> Json:
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "input_file_id": self.file,
            "completion_window": "24h",
            "status": self.status,
            "errors": {"object": "list", "data": self.faults} if self.faults else None,
            "output_file_id": self.files.get("output"),
            "error_file_id": self.files.get("error"),
            "created_at": self.created,
            "expires_at": int(self.created + window),
            **self.moments,
            "request_counts": {
                "total": self.total,
                "completed": len(self.output),
                "failed": len(self.errors),
            },
            "metadata": self.metadata or None,
        }


class BatchDesk:
    """Takes files and batches. window: seconds after which a batch expires."""

    def __init__(self, answer: Answer, window: float = WINDOW_S) -> None:
        self._answer = answer
        self._window = window
        self.files: dict[str, tuple[str, bytes]] = {}
        self.jobs: dict[str, Job] = {}

    def routes(self, admit: Callable[[Request], None] = lambda request: None) -> list[Route]:
        """The protocol's routes. admit: raises `ApiError` for who may not use them."""

        def guarded(handler: Callable[[Request], Awaitable[Response]]) -> Any:
            async def handle(request: Request) -> Response:
                admit(request)
                return await handler(request)

            return handle

        return [
            Route("/v1/files", guarded(self._upload), methods=["POST"]),
            Route("/v1/files/{name}/content", guarded(self._content)),
            Route("/v1/files/{name}", guarded(self._delete), methods=["DELETE"]),
            Route("/v1/batches", guarded(self._create), methods=["POST"]),
            Route("/v1/batches", guarded(self._list)),
            Route("/v1/batches/{name}", guarded(self._retrieve)),
            Route("/v1/batches/{name}/cancel", guarded(self._cancel), methods=["POST"]),
        ]

    async def close(self) -> None:
        tasks = [job.work for job in self.jobs.values() if job.work is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _upload(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise ApiError(413, f"a file has at most {MOST_BYTES} bytes", "file")
        kind = request.headers.get("content-type", "")
        fields, files = await asyncio.to_thread(read_form, kind, bytes(body))
        if "file" not in files or fields.get("purpose") != "batch":
            raise ApiError(400, "send a file, with the purpose batch", "file")
        name, content = files["file"]
        if len(content) + sum(len(kept) for _, kept in self.files.values()) > MOST_KEPT:
            raise ApiError(413, "too many files are kept; delete some", "file")
        file = self._keep(name, content)
        return JSONResponse(
            {
                "id": file,
                "object": "file",
                "bytes": len(content),
                "created_at": int(time.time()),
                "filename": name,
                "purpose": "batch",
                "status": "processed",
            }
        )

    def _keep(self, name: str, content: bytes) -> str:
        file = f"file-{uuid.uuid4().hex}"
        self.files[file] = (name, content)
        return file

    async def _content(self, request: Request) -> Response:
        return Response(self._file(request)[1], media_type="application/octet-stream")

    def _file(self, request: Request) -> tuple[str, bytes]:
        found = self.files.get(request.path_params["name"])
        if found is None:
            raise ApiError(404, "there is no such file")
        return found

    async def _delete(self, request: Request) -> Response:
        self._file(request)
        name = request.path_params["name"]
        del self.files[name]
        return JSONResponse({"id": name, "object": "file", "deleted": True})

    async def _create(self, request: Request) -> Response:
        try:
            wanted = await request.json()
        except ValueError:
            raise ApiError(400, "the body is not JSON") from None
        if not isinstance(wanted, Mapping) or wanted.get("endpoint") not in _ROUTES:
            raise ApiError(400, f"endpoint is one of {', '.join(_ROUTES)}", "endpoint")
        if wanted.get("completion_window") != "24h":
            raise ApiError(400, "completion_window is 24h", "completion_window")
        file, metadata = wanted.get("input_file_id"), wanted.get("metadata")
        if file not in self.files:
            raise ApiError(400, "there is no such input file", "input_file_id")
        job = Job(
            f"batch_{uuid.uuid4().hex}",
            file,
            wanted["endpoint"],
            dict(metadata) if isinstance(metadata, Mapping) else {},
            int(time.time()),
        )
        self.jobs[job.id] = job
        job.work = asyncio.get_running_loop().create_task(self._run(job))
        return self._shown(job)

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        limit = min(_PAGE, int(asked["limit"]) if asked.get("limit", "").isdecimal() else 20)
        names = list(reversed(self.jobs))
        after = asked.get("after")
        start = names.index(after) + 1 if after in names else 0
        page = names[start : start + limit]
        return JSONResponse(
            {
                "object": "list",
                "data": [self.jobs[name].as_dict(self._window) for name in page],
                "has_more": start + limit < len(names),
            }
        )

    def _job(self, request: Request) -> Job:
        job = self.jobs.get(request.path_params["name"])
        if job is None:
            raise ApiError(404, "there is no such batch")
        return job

    async def _retrieve(self, request: Request) -> Response:
        return self._shown(self._job(request))

    def _shown(self, job: Job) -> Response:
        return JSONResponse(job.as_dict(self._window))

    async def _cancel(self, request: Request) -> Response:
        job = self._job(request)
        if job.work is not None and job.status in ("validating", "in_progress"):
            job.move("cancelling")
            job.work.cancel()
        return self._shown(job)

    async def _run(self, job: Job) -> None:
        """A batch from its validation to its end."""
        lines = await asyncio.to_thread(self._validated, job)
        if job.faults:
            job.move("failed")
            return
        job.total = len(lines)
        job.move("in_progress")
        end = "completed"
        try:
            async with asyncio.timeout(self._window):
                await self.work(job, lines)
        except asyncio.CancelledError:
            end = "cancelled"
        except TimeoutError:
            end = "expired"
        self._put_down(job, lines, end)

    def _put_down(self, job: Job, lines: list[Json], end: str) -> None:
        if end != "completed":
            there = {line["custom_id"] for line in (*job.output, *job.errors)}
            error = {"code": f"batch_{end}", "message": f"The batch was {end} before this request."}
            job.errors += [
                outcome(line["custom_id"], None, error)
                for line in lines
                if line["custom_id"] not in there
            ]
        job.move("finalizing")
        for kind, found in (("output", job.output), ("error", job.errors)):
            if found:
                text = "".join(json.dumps(line) + "\n" for line in found)
                job.files[kind] = self._keep(f"{job.id}_{kind}.jsonl", text.encode())
        job.move(end)

    async def work(self, job: Job, lines: list[Json]) -> None:
        """Answer the lines, a few at a time."""
        places = asyncio.Semaphore(_AT_A_TIME)

        async def one(line: Json) -> None:
            async with places:
                status, body = await self._answer(line["url"], line["body"])
            response = {"status_code": status, "request_id": uuid.uuid4().hex, "body": body}
            found = job.output if status == 200 else job.errors
            found.append(outcome(line["custom_id"], response, None))

        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(one(line))

    def _validated(self, job: Job) -> list[Json]:
        lines: list[Json] = []
        seen: set[str] = set()
        for number, text in enumerate(self.files[job.file][1].splitlines(), start=1):
            if not text.strip():
                continue
            fault = _fault(text, job.endpoint, seen)
            if isinstance(fault, tuple):
                code, said = fault
                job.faults.append({"code": code, "message": said, "line": number, "param": None})
                continue
            seen.add(fault["custom_id"])
            lines.append(fault)
        if not lines and not job.faults:
            job.faults.append(_whole("empty_file", "The input file has no request."))
        if len(lines) > MOST_REQUESTS:
            job.faults.append(_whole("too_many_tasks", f"At most {MOST_REQUESTS} requests."))
        return lines


def outcome(name: str, response: Json | None, error: Json | None) -> Json:
    """A line of an output or error file."""
    return {
        "id": f"batch_req_{uuid.uuid4().hex}",
        "custom_id": name,
        "response": response,
        "error": error,
    }


def _whole(code: str, said: str) -> Json:
    return {"code": code, "message": said, "line": None, "param": None}


def _fault(text: bytes, endpoint: str, seen: set[str]) -> Json | tuple[str, str]:
    """A line of an input file, or what is wrong with it."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return "invalid_json_line", "This line is not parseable as valid JSON."
    if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
        return "missing_required_parameter", "custom_id is missing."
    if line["custom_id"] in seen:
        return "duplicate_custom_id", "This custom_id is there already."
    if line.get("url") != endpoint or line.get("method") != "POST":
        return "invalid_url", f"Requests of this batch are POST {endpoint}."
    if not isinstance(line.get("body"), dict):
        return "missing_required_parameter", "body is missing."
    return line
