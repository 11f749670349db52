"""The ASGI application: routes, keys, limits, and work that ends when its client hangs up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ttc.core import Backend, Call, Completion, ModelIdentity
from ttc.errors import TtcError
from ttc.serve import replies
from ttc.serve.batches import BatchDesk
from ttc.serve.common import GONE, HANDLERS, check_key, read_json, unless_gone
from ttc.serve.errors import ApiError, of_failure
from ttc.serve.requests import ChatRequest, CompletionRequest, parse, total_samples

MOST_SAMPLES = 4096


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
        wanted = parse(CompletionRequest, await read_json(request))
        identity = self._identity(wanted.model)
        calls = wanted.calls(self._backends[wanted.model].capabilities)
        samples = await unless_gone(request, self._sample(wanted.model, calls))
        if samples is None:
            return GONE
        return JSONResponse(replies.completions(identity, samples, wanted.logprobs is not None))

    async def chat(self, request: Request) -> Response:
        self.admit(request)
        wanted = parse(ChatRequest, await read_json(request))
        identity = self._identity(wanted.model)
        calls = wanted.calls(self._backends[wanted.model].capabilities)
        samples = await unless_gone(request, self._sample(wanted.model, calls))
        if samples is None:
            return GONE
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
        check_key(request, self._key)

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


def make_app(backends: Mapping[str, Backend], key: str | None = None) -> Starlette:
    """The application. With a key, all routes but /health want it as a bearer token."""
    server = Server(backends, key)
    return Starlette(
        routes=[
            Route("/health", server.health),
            Route("/v1/models", server.models),
            Route("/v1/models/{name:path}", server.model),
            Route("/v1/completions", server.completions, methods=["POST"]),
            Route("/v1/chat/completions", server.chat, methods=["POST"]),
            *server.batches.routes(server.admit),
        ],
        exception_handlers=HANDLERS,
        lifespan=server.lifespan,
    )
