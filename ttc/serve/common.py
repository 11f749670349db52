"""What our servers share: bodies within limits, keys, errors, work that ends with its client."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ttc.errors import TtcError
from ttc.serve.errors import ApiError, of_failure

T = TypeVar("T")
MOST_BYTES = 8_000_000
BODY_S = 60.0
_LINGER_S, _LINGER_BYTES = 3.0, 24_000_000
GONE = Response(status_code=499)  # nobody reads it


def check_key(request: Request, key: str | None) -> None:
    """Raise `ApiError` 401 unless the request brings this key as a bearer token; None: no key."""
    if key is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key.encode()):
        return
    raise ApiError(401, "wrong or missing API key", None, "invalid_api_key")


async def read_json(request: Request, most: int = MOST_BYTES) -> Any:
    """The body of a request, of which no more is kept than the limits of size and time allow."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 18 or int(length) > most:
        await _let_pass(request)
        raise _too_long(most)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    await _let_pass(request)
                    raise _too_long(most)
    except TimeoutError:
        raise ApiError(408, f"the body took more than {BODY_S:g} seconds") from None
    try:
        return json.loads(bytes(body))
    except RecursionError:
        text = "the body is JSON that is nested too deeply"
    except ValueError as problem:
        text = f"the body is not JSON: {problem}"
    raise ApiError(400, text)


async def _let_pass(request: Request) -> None:
    """Take what still comes of a body, for a moment: a connection that is closed before takes the
    answer with it, and the client would not hear why. One that asks first hears it at once.
    """
    if "expect" in request.headers:
        return
    passed = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while passed < _LINGER_BYTES:
                message = await request.receive()
                passed += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _too_long(most: int) -> ApiError:
    return ApiError(413, f"the body is longer than {most} bytes")


async def unless_gone(request: Request, work: Awaitable[T]) -> T | None:
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
    unread = {"connection": "close"} if error.status in (408, 413) else {}
    return JSONResponse(error.body(), error.status, {**unread, **error.headers})


async def _failure(request: Request, error: Any) -> Response:
    return await _api_error(request, of_failure(error))


async def _http_error(request: Request, error: Any) -> Response:
    said = f"{request.method} {request.url.path}: {error.detail}"
    return await _api_error(request, ApiError(error.status_code, said))


async def _disconnected(request: Request, error: Any) -> Response:
    return GONE


async def _bug(request: Request, error: Any) -> Response:
    return await _api_error(request, ApiError(500, f"internal error: {type(error).__name__}"))


HANDLERS: dict[Any, Handler] = {
    ApiError: _api_error,
    TtcError: _failure,
    HTTPException: _http_error,
    ClientDisconnect: _disconnected,
    Exception: _bug,
}
"""What errors become: JSON in OpenAI's form, never a traceback."""
