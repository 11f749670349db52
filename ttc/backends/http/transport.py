"""HTTP/1.1 for httpx by aiohttp, whose connection pool stays fast with many calls in flight.

httpx's own pool looks through all its connections on every request: with 64 calls of 50 ms in
flight it made 126 requests a second on a machine where this transport makes 617. The official
OpenAI client takes any httpx transport, so only this seam changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

from ttc.backends.http import sizes
from ttc.backends.http.unpacking import ACCEPTED, Body, TooLarge, Unreadable

# Shorter than the idle limit of usual servers (uvicorn: 5 s), so that a request is hardly ever
# sent on a connection that is just being closed.
_IDLE_SECONDS = 4.0
_DROPPED = {b"content-encoding", b"content-length", b"transfer-encoding"}


class ReplyTooLarge(httpx.DecodingError):
    """A reply has more bytes than what it answers can need."""


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Reads each reply whole, as far as `sizes.most()` allows.

    Raises httpx's errors, so that callers need know no others.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        # A session belongs to the running event loop, so it is made with the first request.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # The engine limits concurrency; a second limit here would only hide it.
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=_IDLE_SECONDS, ssl=httpx.create_ssl_context()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # which unpacks a piece of a body whatever it holds
            )
        return self._session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits: Mapping[str, Any] = request.extensions.get("timeout", {})
        # From the bytes, because httpx goes through all headers to find one by its name.
        headers = {k.lower().decode("ascii"): v.decode("ascii") for k, v in request.headers.raw}
        headers["accept-encoding"] = ACCEPTED
        try:
            async with self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=headers,
                data=await request.aread() or None,
                allow_redirects=False,
                proxy=_proxy(request.url.scheme, request.url.host),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=limits.get("connect"),
                    sock_connect=limits.get("connect"),
                    sock_read=limits.get("read"),
                ),
            ) as reply:
                body = await _read(reply)
        except (TooLarge, Unreadable) as error:
            raise _unusable(error, request) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error, request) from error
        return httpx.Response(
            reply.status,
            headers=[(k, v) for k, v in reply.raw_headers if k.lower() not in _DROPPED],
            content=body,
            request=request,
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read(reply: aiohttp.ClientResponse) -> bytes:
    """A body of no more than the limit; of an error, whose status matters more, what is allowed."""
    failed = not 200 <= reply.status < 300
    most = min(sizes.ERROR, sizes.most()) if failed else sizes.most()
    body = Body(most)
    try:
        body.packed_as(reply.headers.get("content-encoding"))
        async for chunk in reply.content.iter_any():
            body.feed(chunk)
    except (TooLarge, Unreadable):
        if not failed:
            raise
    return body.so_far


def _unusable(error: Exception, request: httpx.Request) -> httpx.DecodingError:
    if isinstance(error, Unreadable):
        return httpx.DecodingError(str(error), request=request)
    limit = sizes.shown(sizes.most())
    said = f"the reply is larger than {limit}, more than it can need for what was asked"
    return ReplyTooLarge(said, request=request)


@cache
def _proxy(scheme: str, host: str) -> str | None:
    """The environment's proxy for a host. (aiohttp's own look-up would send `.netrc` passwords.)"""
    return None if proxy_bypass(host) else getproxies().get(scheme)


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    said = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout(said, request=request)
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(said, request=request)
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(said, request=request)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return httpx.RemoteProtocolError(said, request=request)
    return httpx.ReadError(said, request=request)
