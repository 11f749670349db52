"""Addresses of servers, looked at when a recipe is read: no call has to find out."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from ttc.backends.http.secrets import holds_secret, url_secrets
from ttc.redact import remember

_BLANK = re.compile(r"[\s\x00-\x1f\x7f\\]")
_IPV4 = re.compile(r"[0-9]+(\.[0-9]+){3}")
_LABELS = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_LONGEST = 2000
_STORED = (
    "a URL here may hold no password or key (of a query, no more than api-version and the like): "
    "recipes are stored with results; {instead}"
)


def address_fault(url: str) -> str | None:
    """What keeps a URL from being a server's address, in words that don't quote it."""
    if not url.startswith(("http://", "https://")):
        return "a URL starts with http:// or https://"
    if _BLANK.search(url) or len(url) > _LONGEST:
        return "a URL has no spaces, line breaks or backslashes in it, and at most 2000 characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # also for brackets that hold no IPv6 address
        return "the URL's port is not a number from 1 to 65535, or its host is not valid"
    if port == 0:
        return "the URL's port is not a number from 1 to 65535"
    return None if host and _is_host(host) else "the URL has no valid host name"


def _is_host(host: str) -> bool:
    if ":" in host:  # an IPv6 address, which urlsplit has looked at
        return True
    if not host.isascii():
        import httpx  # as strict about other alphabets as the calls will be

        try:
            host = httpx.URL(f"http://{host}").raw_host.decode()
        except httpx.InvalidURL:
            return False
    if _IPV4.fullmatch(host):
        return all(int(part) < 256 for part in host.split("."))
    return _LABELS.fullmatch(host) is not None


def _checked(url: str, instead: str) -> str:
    fault = address_fault(url)
    if fault is not None:
        raise ValueError(fault)
    if holds_secret(url):
        remember(url_secrets(url))
        raise ValueError(_STORED.format(instead=instead))
    return url


def _of_openai(url: str) -> str:
    return _checked(url, "put the whole URL into the environment variable OPENAI_BASE_URL")


def _of_provider(url: str) -> str:
    return _checked(url, "put the key into the environment variable of api_key_env")


OpenAIAddress = Annotated[str, AfterValidator(_of_openai)]
ProviderAddress = Annotated[str, AfterValidator(_of_provider)]
