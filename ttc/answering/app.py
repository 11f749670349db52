"""The ASGI application: routes, keys, the line, and answers whose work ends with their clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ttc.answering import question as asked
from ttc.answering import replies
from ttc.answering.desk import Answer, Desk, Work
from ttc.answering.places import Place, Places
from ttc.answering.question import Earlier, Question
from ttc.answering.record import Record, added
from ttc.errors import BackendError, BudgetExhausted, TtcError
from ttc.serve.common import GONE, HANDLERS, check_key, read_json, unless_gone
from ttc.serve.errors import ApiError
from ttc.terminal import say

MOST_BYTES = 1_000_000
PING_S = 5.0
"""Seconds between comments in a stream that waits: so that nobody on the way takes it for dead."""
Chunks = Callable[[Answer], Iterator[dict[str, Any]]]
Whole = Callable[[Answer], dict[str, Any]]


class Server:
    """What clients reach."""

    def __init__(
        self,
        desk: Desk,
        places: Places,
        key: str | None,
        earlier: Earlier,
        record: Record | None = None,
    ) -> None:
        self._desk, self._places, self._record = desk, places, record
        self._key, self._earlier = key, earlier
        self._started = int(time.time())
        self._served = 0
        self.tasks: set[asyncio.Task[Answer]] = set()

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "models": self._desk.variants.names()})

    async def models(self, request: Request) -> Response:
        check_key(request, self._key)
        data = [self._entry(name) for name in self._desk.variants.names()]
        return JSONResponse({"object": "list", "data": data})

    async def model(self, request: Request) -> Response:
        check_key(request, self._key)
        name = request.path_params["name"]
        if name not in self._desk.variants.names():
            known = ", ".join(self._desk.variants.names())
            said = f"the model {name!r:.200} does not exist; there are: {known}"
            raise ApiError(404, said, "model", "model_not_found")
        return JSONResponse(self._entry(name))

    def _entry(self, name: str) -> dict[str, Any]:
        variants = self._desk.variants
        policy = name.partition(":")[2] or variants.usual.name
        return {
            "id": name,
            "object": "model",
            "created": self._started,
            "owned_by": "ttc",
            "policy": policy,
        }

    async def status(self, request: Request) -> Response:
        """How busy the server is, and what it has left; not for those without a key."""
        check_key(request, self._key)
        ledger = self._desk.engine.ledger
        found = {
            "answered": self._served,
            "working": self._places.working,
            "waiting": self._places.waiting,
            "billed": {u: n for u, n in ledger.bills.billed.items() if n or u == "tokens"},
            "left": replies.whole(ledger),
        }
        return JSONResponse(found)

    async def chat(self, request: Request) -> Response:
        check_key(request, self._key)
        question = asked.of_chat(await read_json(request, MOST_BYTES), self._earlier)
        return await self._reply(request, question, replies.chat, replies.chat_chunks)

    async def completions(self, request: Request) -> Response:
        check_key(request, self._key)
        question = asked.of_completion(await read_json(request, MOST_BYTES))
        return await self._reply(request, question, replies.completion, replies.completion_chunks)

    async def responses(self, request: Request) -> Response:
        check_key(request, self._key)
        question = asked.of_response(await read_json(request, MOST_BYTES), self._earlier)
        return await self._reply(request, question, replies.response, replies.chat_chunks)

    async def _reply(
        self, request: Request, question: Question, whole: Whole, chunks: Chunks
    ) -> Response:
        began = time.monotonic()
        work = Work(question, self._desk.variants.of(question), began)
        place = self._places.enter()
        task = asyncio.create_task(self._answered(work, place))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        # A task that is cancelled before its first step would not leave its place itself.
        task.add_done_callback(lambda _: place.leave())
        if question.stream:
            return _Stream(self._streamed(task, work, chunks), task)
        answer = await unless_gone(request, task)
        return GONE if answer is None else JSONResponse(whole(answer))

    async def _answered(self, work: Work, place: Place) -> Answer:
        try:
            await place.ready(work.question.budget.get("seconds"))
            begun = time.monotonic()
            answer = await self._desk.answer(work)
            if self._record is not None:
                rows = await asyncio.to_thread(self._record.rows, answer)
                added(self._record, rows, answer)
        except ApiError:
            raise
        except Exception as error:
            raise _of_failure(error) from error
        self._served += 1
        place.leave(time.monotonic() - begun)
        return answer

    async def _streamed(
        self, task: asyncio.Task[Answer], work: Work, chunks: Chunks
    ) -> AsyncIterator[bytes]:
        yield b": the answer is streamed once it is chosen\n\n"
        while not task.done():
            done, _ = await asyncio.wait({task}, timeout=PING_S)
            if not done:
                yield f": {work.samples} samples\n\n".encode()
        try:
            answer = task.result()
        except ApiError as error:  # the status is sent by now
            yield replies.event(error.body())
            return
        except asyncio.CancelledError:
            yield replies.event(ApiError(503, "the server is stopping").body())
            return
        for one in chunks(answer):
            yield replies.event(one)
        yield b"data: [DONE]\n\n"


class _Stream(StreamingResponse):
    """Ends the work when its client is gone, also one that never read a word."""

    def __init__(self, content: AsyncIterator[bytes], task: asyncio.Task[Answer]) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(content, headers=headers, media_type="text/event-stream")
        self._task = task

    async def __call__(self, *given: Any) -> None:
        try:
            await super().__call__(*given)
        finally:
            self._task.cancel()


def _of_failure(error: Exception) -> ApiError:
    """A failure's words, which may name servers and files behind ours, are for our log only."""
    said = str(error) if isinstance(error, TtcError) else f"{type(error).__name__}: {error}"
    say(f"a question failed: {said}", error=True)
    if isinstance(error, BackendError):
        return ApiError(502, "a model of this recipe failed; the server's log says how")
    if isinstance(error, BudgetExhausted):
        return ApiError(429, "the server's budget is used up", None, "insufficient_quota")
    return ApiError(500, "the recipe failed; the server's log says how")


def make_app(server: Server) -> Starlette:
    """With a key, all routes but /health want it as a bearer token."""
    return Starlette(
        routes=[
            Route("/health", server.health),
            Route("/v1/models", server.models),
            Route("/v1/models/{name:path}", server.model),
            Route("/v1/ttc/status", server.status),
            Route("/v1/chat/completions", server.chat, methods=["POST"]),
            Route("/v1/completions", server.completions, methods=["POST"]),
            Route("/v1/responses", server.responses, methods=["POST"]),
        ],
        exception_handlers=HANDLERS,
    )
