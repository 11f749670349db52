"""Keys come from the environment and leave this process only in a request's header."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from ttc.redact import HIDDEN, redact, redact_urls, remember

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

    def reply(self, content: bytes) -> bytes:
        """A server's reply without the keys it was sent: an echo must not enter the results."""
        for secret in self._secrets:
            if len(secret) >= _SHORTEST_IN_REPLIES:
                content = content.replace(secret.encode(errors="surrogateescape"), HIDDEN.encode())
        return content

    def __repr__(self) -> str:
        return f"Scrubber({len(self._secrets)} secrets)"


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """A URL without `user:password@`, query and fragment, and the credentials apart."""
    parts = urlsplit(url.strip())
    host = parts.netloc.rpartition("@")[2]
    clean = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return clean, None
    return clean, (parts.username, parts.password or "")


def holds_secret(url: str) -> bool:
    """Whether a URL has a password, or a key in its query, that must not be stored with results."""
    return redact_urls(url) != url
