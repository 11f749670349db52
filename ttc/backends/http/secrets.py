"""Keys come from the environment and leave this process only in a request's header."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit, urlunsplit

from pydantic import BeforeValidator

from ttc.backends.http.echoes import without_echoes
from ttc.errors import BackendError
from ttc.redact import Secrets, passwords, redact, redact_urls, remember
from ttc.secret_names import like_a_key

# A dummy key ("test", "EMPTY") is a word that completions may well hold.
_SHORTEST_IN_REPLIES = 8
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What of a query may stand in a recipe: whatever else servers take there may open an account.
_HARMLESS = {"api_version", "version", "deployment", "deployment_id", "region", "location"}


class Scrubber:
    """Replaces secrets in a text. Servers do echo keys back in their error messages.

    The secrets it is given are hidden from now on wherever this process writes text.
    """

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        told = [s for s in secrets if s]
        remember(told)
        self._own = Secrets(s for s in told if len(s) >= _SHORTEST_IN_REPLIES)

    def __call__(self, text: str) -> str:
        return redact(text)

    def reply(self, reply: Any) -> Any:
        """A server's reply, as parsed, without the keys it was sent, wherever in it they stand.

        This is the door by which a server's words come in; no echo passes it into results. Other
        secrets stay: a completion must not change by what the environment happens to hold.
        """
        return without_echoes(reply, self._own) if self._own else reply

    def __repr__(self) -> str:
        return f"Scrubber({len(self._own)} secrets)"


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
    for _, value in _doubtful(url):
        found |= {value, quote(value, safe=""), quote_plus(value)}
    credentials = split_credentials(url)[1]
    if credentials is not None:
        found.add(b64encode(":".join(credentials).encode()).decode())
    return found


def holds_secret(url: str) -> bool:
    """Whether a URL has a password, or in its query what may be a key: nothing to be stored.

    Of a query only fields such as Azure's api-version are known to be none.
    """
    return redact_urls(url) != url or any(True for _ in _doubtful(url))


def _doubtful(url: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name.lower().replace("-", "_") not in _HARMLESS:
            yield name, value
    if parts.fragment:
        yield "#", parts.fragment


def key_name_fault(name: object) -> str | None:
    """What is wrong with the name of a key's variable; None where nothing is.

    People paste the key itself there. So a name that is none is hidden from now on wherever this
    process writes text, and the sentence does not quote it.
    """
    if isinstance(name, str) and _VARIABLE.fullmatch(name) and not like_a_key(name):
        return None
    remember([str(name)])
    return (
        "must be the NAME of an environment variable (letters, digits, _), such as OPENAI_API_KEY; "
        "the key itself belongs into that variable only"
    )


def sendable_key(key: str, name: str | None) -> str:
    """The key, if a header can carry it. Raises `BackendError`, which does not quote it."""
    if all("!" <= character <= "~" for character in key):
        return key
    remember([key])
    of = f"the environment variable {name}" if name else "the environment"
    raise BackendError(
        f"the API key in {of} holds a character that no key has (a letter with an accent, a space, "
        "a line break, a sign that cannot be seen); copy the key again"
    )


def _key_name(value: Any) -> Any:
    fault = key_name_fault(value) if value is not None else None
    if fault is not None:
        raise ValueError(fault)
    return value


KeyName = Annotated[str | None, BeforeValidator(_key_name, json_schema_input_type=str | None)]
"""The name of the environment variable that holds a key."""
