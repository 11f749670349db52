"""The ASGI application: routes, keys, limits, and work that ends when its client hangs up."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttc.core import Backend, Call, Completion, ModelIdentity
from ttc.errors import TtcError
from ttc.serve import replies
from ttc.serve.batches import BatchDesk
from ttc.serve.errors import ApiError, of_failure
from ttc.serve.requests import ChatRequest, CompletionRequest, parse, total_samples

T = TypeVar("T")
MOST_BYTES = 8_000_000
BODY_S = 60.0
MOST_SAMPLES = 4096
_GONE = Response(status_code=499)  # nobody reads it


class Server:
    """The served backends by name; identities are asked for once, at start-up."""

    def __init__(self, backends: Mapping[str, Backend], key: str | None) -> None:
        self._backends = backends
        self._key = key
        self._identities: dict[str, ModelIdentity] = {}
        self._started = int(time.time())
        self.batches = BatchDesk(self.answer)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        for name, backend in self._backends.items():
            self._identities[name] = await backend.identify()
        yield
        await self.batches.close()
        for backend in self._backends.values():
            await backend.close()

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "models": list(self._backends)})

    async def models(self, request: Request) -> Response:
        self.admit(request)
        entries = [replies.model_entry(i, self._started) for i in self._identities.values()]
        return JSONResponse({"object": "list", "data": entries})

    async def model(self, request: Request) -> Response:
        self.admit(request)
        identity = self._identity(request.path_params["name"])
        return JSONResponse(replies.model_entry(identity, self._started))

    async def completions(self, request: Request) -> Response:
        self.admit(request)
        wanted = parse(CompletionRequest, await _json(request))
        identity = self._identity(wanted.model)
        calls = wanted.calls(self._backends[wanted.model].capabilities)
        samples = await _unless_gone(request, self._sample(wanted.model, calls))
        if samples is None:
            return _GONE
        return JSONResponse(replies.completions(identity, samples, wanted.logprobs is not None))

    async def chat(self, request: Request) -> Response:
        self.admit(request)
        wanted = parse(ChatRequest, await _json(request))
        identity = self._identity(wanted.model)
        calls = wanted.calls(self._backends[wanted.model].capabilities)
        samples = await _unless_gone(request, self._sample(wanted.model, calls))
        if samples is None:
            return _GONE
        return JSONResponse(replies.chat(identity, samples, bool(wanted.logprobs)))

    async def answer(self, route: str, body: Any) -> tuple[int, Any]:
        """The status and the body of the reply to one request of a batch."""
        chat = route.endswith("/chat/completions")
        try:
            wanted: Any = parse(ChatRequest if chat else CompletionRequest, body)
            identity = self._identity(wanted.model)
            calls = wanted.calls(self._backends[wanted.model].capabilities)
            samples = await self._sample(wanted.model, calls)
        except BaseExceptionGroup as group:
            failed = next((e for e in group.exceptions if isinstance(e, TtcError)), None)
            refused = ApiError(500, "internal error") if failed is None else of_failure(failed)
            return refused.status, refused.body()
        except (ApiError, TtcError) as error:
            refused = error if isinstance(error, ApiError) else of_failure(error)
            return refused.status, refused.body()
        if chat:
            return 200, replies.chat(identity, samples, bool(wanted.logprobs))
        return 200, replies.completions(identity, samples, wanted.logprobs is not None)

    async def _sample(self, model: str, calls: Sequence[Call]) -> list[list[Completion]]:
        if total_samples(calls) > MOST_SAMPLES:
            raise ApiError(400, f"at most {MOST_SAMPLES} samples per request", "n")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._backends[model].complete(c)) for c in calls]
        return [task.result() for task in tasks]

    def admit(self, request: Request) -> None:
        """Raise `ApiError` for who sends no key, or a wrong one."""
        if self._key is None:
            return
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), self._key.encode()
        ):
            return
        raise ApiError(401, "wrong or missing API key", None, "invalid_api_key")

    def _identity(self, name: str) -> ModelIdentity:
        if name in self._identities:
            return self._identities[name]
        known = ", ".join(self._identities)
        raise ApiError(
            404,
            f"the model {name!r} does not exist; there are: {known}",
            "model",
            "model_not_found",
        )


async def _json(request: Request) -> Any:
    """The body of a request, read no further than the limits of size and time.

    What says itself that it is too long is refused before any of it is read.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 18 or int(length) > MOST_BYTES:
        raise _too_long()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise _too_long()
    except TimeoutError:
        raise ApiError(408, f"the body took more than {BODY_S:g} seconds") from None
    try:
        return json.loads(bytes(body))
    except RecursionError:
        text = "the body is JSON that is nested too deeply"
    except ValueError as problem:
        text = f"the body is not JSON: {problem}"
    raise ApiError(400, text)


def _too_long() -> ApiError:
    return ApiError(413, f"the body is longer than {MOST_BYTES} bytes")


async def _unless_gone(request: Request, work: Awaitable[T]) -> T | None:
    """The work's result, or None as soon as the client hangs up; the work is then cancelled."""
    task = asyncio.ensure_future(work)
    gone = asyncio.create_task(_hung_up(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        return _unwrap(task) if task.done() else None
    finally:
        task.cancel()
        gone.cancel()


def _unwrap(task: asyncio.Future[T]) -> T:
    error = task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error
    return task.result()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


Handler = Callable[[Request, Any], Awaitable[Response]]


async def _api_error(request: Request, error: Any) -> Response:
    # The rest of a body that is refused is not waited for.
    unread = {"connection": "close"} if error.status in (408, 413) else None
    return JSONResponse(error.body(), error.status, unread)


async def _failure(request: Request, error: Any) -> Response:
    return await _api_error(request, of_failure(error))


async def _http_error(request: Request, error: Any) -> Response:
    said = f"{request.method} {request.url.path}: {error.detail}"
    return await _api_error(request, ApiError(error.status_code, said))


async def _disconnected(request: Request, error: Any) -> Response:
    return _GONE


async def _bug(request: Request, error: Any) -> Response:
    return await _api_error(request, ApiError(500, f"internal error: {type(error).__name__}"))


def make_app(backends: Mapping[str, Backend], key: str | None = None) -> Starlette:
    """The application. With a key, all routes but /health want it as a bearer token."""
    server = Server(backends, key)
    handlers: dict[Any, Handler] = {
        ApiError: _api_error,
        TtcError: _failure,
        HTTPException: _http_error,
        ClientDisconnect: _disconnected,
        Exception: _bug,
    }
    return Starlette(
        routes=[
            Route("/health", server.health),
            Route("/v1/models", server.models),
            Route("/v1/models/{name:path}", server.model),
            Route("/v1/completions", server.completions, methods=["POST"]),
            Route("/v1/chat/completions", server.chat, methods=["POST"]),
            *server.batches.routes(server.admit),
        ],
        exception_handlers=handlers,
        lifespan=server.lifespan,
    )
