"""HTTP for `type: openai`: one client per server, one classified request."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
import openai

from ttc.backends.common.foreign import parse_json, shorten
from ttc.backends.http import sizes
from ttc.backends.http.errors import Where, from_status, from_words
from ttc.backends.http.reply import billed
from ttc.backends.http.secrets import split_credentials
from ttc.backends.http.transport import AiohttpTransport
from ttc.errors import BackendError, CallFailed, RetryableError

T = TypeVar("T")


class Patience(Protocol):
    """What a backend's config says of waiting, in seconds."""

    @property
    def timeout(self) -> float: ...

    @property
    def connect_timeout(self) -> float: ...


# The client would draw a random number for each call, though it only sends it to servers that want
# one; these are as unique and cost nothing.
_SESSION, _numbers = secrets.token_hex(8), itertools.count()


class _NoCookies(httpx.Cookies):
    """Looking for them takes time, and no call may depend on the one before."""

    def extract_cookies(self, response: httpx.Response) -> None: ...


class _Http(httpx.AsyncClient):
    """An httpx client without cookies, whose replies are freed as soon as nobody needs them."""

    async def send(self, *given: Any, **options: Any) -> httpx.Response:
        response = await super().send(*given, **options)
        if response.is_closed:
            # It was read whole, and the stream that it was read from refers back to it: a cycle,
            # which would keep each reply, of megabytes with logprobs, until a garbage collection.
            response.stream = _READ
        return response

    @property
    def cookies(self) -> httpx.Cookies:
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None: ...


_NO_COOKIES = _NoCookies()
_READ = httpx.ByteStream(b"")


class _NoKey(httpx.Auth):
    """The official client insists on a key; where there is none its header is taken out again."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.pop("Authorization", None)
        yield request


def make_client(
    url: str, key: str | None, config: Patience, transport: httpx.AsyncBaseTransport | None
) -> openai.AsyncOpenAI:
    """The official client for one server, without retries or limits: both are the engine's."""
    clean, credentials = split_credentials(url)
    timeout = httpx.Timeout(config.timeout, connect=config.connect_timeout)
    http = _Http(
        transport=transport or AiohttpTransport(),
        timeout=timeout,
        auth=httpx.BasicAuth(*credentials) if credentials else None if key else _NoKey(),
        follow_redirects=True,
    )
    return openai.AsyncOpenAI(
        api_key=key or "none",
        base_url=clean,
        # Such as Azure's ?api-version=...; kept apart from the URL that messages name.
        default_query=dict(parse_qsl(urlsplit(url).query)),
        max_retries=0,
        timeout=timeout,
        http_client=http,
    )


def make_http(seconds: float) -> httpx.AsyncClient:
    """A client for whatever servers; what a request says of its time-out counts more."""
    return _Http(transport=AiohttpTransport(), timeout=seconds, follow_redirects=True)


async def send(
    client: openai.AsyncOpenAI,
    path: str,
    body: dict[str, Any] | None,
    config: Patience,
    where: Where,
    seconds: float | None = None,
    most: int = sizes.LISTING,
) -> Any:
    """POST a body, or GET without one; the reply's JSON object.

    seconds: the longest wait, where it is not the config's for a whole call; most: bytes that the
    reply may have. Whatever the server says or does, it is either a reply or an error of this call.
    That is raised outside of the handlers, so that its traceback chains no exception that holds the
    request and with it the key.
    """

    async def ask() -> Any:
        return read_json(await _ask(client, path, body, where), where)

    return await classified(ask, config, where, seconds, most)


async def classified(
    ask: Callable[[], Awaitable[T]],
    config: Patience,
    where: Where,
    seconds: float | None = None,
    most: int = sizes.LISTING,
) -> T:
    """What a request brings, or an error of this project's classes; see `send`."""
    try:
        with sizes.at_most(most):
            async with asyncio.timeout(seconds or config.timeout):
                return await ask()
    except BackendError as error:
        failure = error
    except openai.APIStatusError as error:
        failure = read_status(error.response, where)
    except (TimeoutError, openai.APITimeoutError) as error:
        failure = _timed_out(error, config, where, seconds or config.timeout)
    except openai.APIConnectionError as error:
        failure = _broken(error, where)
    except UnicodeEncodeError:
        failure = CallFailed(where.say("the prompt is not valid Unicode"), "invalid_prompt")
    except Exception as error:  # what made the HTTP client or the reader of the reply stumble
        failure = unreadable(error, where)
    raise failure


async def _ask(
    client: openai.AsyncOpenAI, path: str, body: dict[str, Any] | None, where: Where
) -> httpx.Response:
    if body is None:
        return await client.get(path, cast_to=httpx.Response)
    return await client.post(
        where.endpoint + path,  # the client would put them together by parsing both
        cast_to=httpx.Response,
        body=body,
        options={"idempotency_key": f"{_SESSION}-{next(_numbers)}"},
    )


def _timed_out(error: Exception, config: Patience, where: Where, seconds: float) -> RetryableError:
    """A server that can't be reached is broken; one that does not finish has too much to do."""
    if isinstance(error.__cause__, httpx.ConnectTimeout):
        return RetryableError(where.say(f"no connection within {config.connect_timeout:g} s"))
    said = f"no complete answer within {seconds:g} s"
    return RetryableError(where.say(said), None, "overloaded", billed=True)


def _broken(error: Exception, where: Where) -> RetryableError:
    """A connection that was not to be had, or a reply that came to no good end."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    said = shorten(str(cause)) or type(cause).__name__
    there = isinstance(error.__cause__, httpx.DecodingError | httpx.TooManyRedirects)
    never_sent = isinstance(error.__cause__, httpx.ConnectError)
    said = where.say(said if there else f"no connection: {said}")
    return RetryableError(said, billed=not never_sent, unreadable=there)


def unreadable(error: Exception, where: Where) -> RetryableError:
    """A reply that nobody foresaw: it ends its call, not the run."""
    said = f"the reply can't be read ({type(error).__name__}: {shorten(str(error))})"
    return RetryableError(where.say(said), billed=True, unreadable=True)


def read_status(response: httpx.Response, where: Where) -> BackendError:
    """The error class of a reply whose status is not 2xx."""
    try:
        return from_status(response.status_code, response.content, response.headers, where)
    except Exception as error:
        return unreadable(error, where)


def read_json(response: httpx.Response, where: Where) -> Any:
    """The JSON object of a reply with status 2xx, or a classified error."""
    try:
        reply = parse_json(response.content)
    except ValueError:
        reply = None
    if not isinstance(reply, Mapping):
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind and "json" not in kind:
            said = f"the reply is {shorten(kind)}, not JSON; is this the API's URL?"
        else:
            said = "the reply is not a whole JSON object"
        raise RetryableError(where.say(said), billed=True, unreadable=True)
    if reply.get("error") and not reply.get("choices"):
        raise billed(_error_with_status_200(reply, where), reply)
    return reply


def _error_with_status_200(reply: Mapping[str, Any], where: Where) -> BackendError:
    """Routers that pass an upstream's error on say 200 and put the status into the error."""
    error = reply["error"]
    code = error.get("code") if isinstance(error, Mapping) else None
    status = next((s for s in range(400, 600) if code in (s, str(s))), None)
    return from_words(reply, where) if status is None else from_status(status, reply, {}, where)
