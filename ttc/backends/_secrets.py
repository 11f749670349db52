"""Keys come from the environment and leave this process only in a request's header."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit, urlunsplit

from ttc.redact import HIDDEN, passwords, redact, redact_urls, remember

# A dummy key ("test", "EMPTY") is a word that completions may well hold.
_SHORTEST_IN_REPLIES = 8


class Scrubber:
    """Replaces secrets in a text. Servers do echo keys back in their error messages.

    The secrets it is given are hidden from now on wherever this process writes text.
    """

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        self._secrets = tuple(s for s in secrets if s)
        remember(self._secrets)

    def __call__(self, text: str) -> str:
        return redact(text)

    def reply(self, text: str) -> str:
        """A model's text without the keys its server was sent: no echo may enter the results.

        Other secrets stay: a completion must not change by what the environment happens to hold.
        """
        for secret in self._secrets:
            if len(secret) >= _SHORTEST_IN_REPLIES and secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"Scrubber({len(self._secrets)} secrets)"


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """A URL without `user:password@`, query and fragment, and the credentials apart."""
    parts = urlsplit(url.strip())
    host = parts.netloc.rpartition("@")[2]
    clean = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return clean, None
    return clean, (unquote(parts.username), unquote(parts.password or ""))


def url_secrets(url: str) -> set[str]:
    """What of a URL a server must not bring into results: password, its header, keys in a query."""
    found = passwords(url)
    credentials = split_credentials(url)[1]
    if credentials is not None:
        found.add(b64encode(":".join(credentials).encode()).decode())
    return found


def holds_secret(url: str) -> bool:
    """Whether a URL has a password, or a key in its query, that must not be stored with results."""
    return redact_urls(url) != url
