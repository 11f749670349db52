"""A file from the web: over TLS, no longer than it may be, and gone when nobody needs it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ttc.errors import DataError, UsageError
from ttc.store.atomic import writing

if TYPE_CHECKING:
    import httpx

Seen = Callable[[int, int | None], None]
"""Told of the bytes that came so far and of all of them, None where that is not known."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REDIRECTS = 5
_WAIT_S, _CONNECT_S = 60.0, 20.0


def is_url(source: str) -> bool:
    """Whether a word names a place on the web, not a file."""
    return "://" in source


@contextmanager
def downloaded(url: str, most: int, seen: Seen | None = None) -> Iterator[Path]:
    """The file behind a URL, under a temporary name that goes with the block.

    Raises `UsageError` for a URL that is not https (http only to this machine itself), and
    `DataError` for one that can't be had, leads elsewhere than by https, or has more than `most`
    bytes, told beforehand or not.
    """
    import httpx

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pool.zip"
        timeout = httpx.Timeout(_WAIT_S, connect=_CONNECT_S)
        try:
            with httpx.Client(timeout=timeout, headers={"accept-encoding": "identity"}) as client:
                _stream(client, url, most, path, seen)
        except httpx.HTTPError as error:
            raise DataError(f"can't get {url}: {error or type(error).__name__}") from error
        yield path


def _stream(client: httpx.Client, url: str, most: int, path: Path, seen: Seen | None) -> None:
    at = url
    for _ in range(_REDIRECTS + 1):
        _require_safe(at, url)
        with client.stream("GET", at) as reply:
            if reply.is_redirect:
                at = urljoin(at, reply.headers.get("location", ""))
                continue
            if reply.status_code != 200:
                raise DataError(f"can't get {url}: HTTP {reply.status_code}")
            _save(reply, url, most, path, seen)
            return
    raise DataError(f"can't get {url}: it leads on more than {_REDIRECTS} times")


def _require_safe(at: str, first: str) -> None:
    parts = urlsplit(at)
    if parts.scheme == "https" and parts.hostname:
        return
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if local and urlsplit(first).hostname in _LOOPBACK:
        return
    if at == first:
        raise UsageError(f"{first}: expected https://, or http:// to this machine itself")
    raise DataError(f"can't get {first}: it leads to {at}, which is not https")


def _save(reply: httpx.Response, url: str, most: int, path: Path, seen: Seen | None) -> None:
    said = reply.headers.get("content-length", "")
    whole = int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None
    limit = f"{most / 2**30:.3g} GiB at most (--max-gib)"
    if whole is not None and whole > most:
        raise DataError(f"{url} has {whole:,} bytes; {limit}")
    came = 0
    with path.open("wb") as file:
        for block in reply.iter_raw(2**18):
            came += len(block)
            if came > most:
                raise DataError(f"{url} has more bytes than it may have; {limit}")
            with writing(path):
                file.write(block)
            if seen is not None:
                seen(came, whole)
