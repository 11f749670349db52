"""What a failed request means for the run: try again, give this call up, or stop.

The engine acts on the class alone, so this table is the whole policy:

- `RetryableError`: 408, 409, 425, 429, 5xx, time-outs, broken connections, unreadable replies;
  429 and 503 also say that the server has too many calls;
- `CallFailed`: the prompt is too long or was filtered, which no other call need suffer from;
- `BackendError`: bad key, unknown model, refused parameter: every further call would fail too.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.redact import redact

_RETRYABLE = {408, 409, 425, 429}
_THROTTLED, _OVERLOADED = 429, {408, 503, 504, 529}
_NOT_OURS = {501, 505}  # the server will never do it: retrying is idle
_LONGEST_MESSAGE = 300
_CONTEXT = re.compile(
    r"context[ _](length|window|size)|maximum context|max_model_len|max(imum)? (model|sequence|"
    r"input) length|n_ctx|prompt is too long|too many tokens|max_new_tokens|exceed_context|"
    r"longer than the (model|maximum)",
    re.IGNORECASE,
)
_FILTER = re.compile(r"content[ _](filter|policy|management)|content was flagged|moderation", re.I)
_NO_MONEY = re.compile(r"insufficient_quota|insufficient (credit|balance|funds)|billing", re.I)


@dataclass(frozen=True, slots=True)
class Where:
    """What an error message must name. `key_env` is a variable's name, never its value."""

    endpoint: str
    model: str
    key_env: str | None = None
    scrub: Callable[[str], str] = field(default=str, repr=False)

    def say(self, text: str) -> str:
        """A one-line message that starts with the endpoint and holds no secret."""
        return self.scrub(f"{self.endpoint}: {' '.join(text.split())}")


def from_status(
    status: int, body: object, headers: Mapping[str, str], where: Where
) -> BackendError:
    """The error class of an HTTP status with its body (parsed JSON or text) and headers."""
    message, code = message_of(body)
    said = where.say(f"HTTP {status}: {message}" if message else f"HTTP {status}")
    if status in (401, 403):
        return BackendError(f"{said}; {_key_advice(status, where)}")
    if status == 402 or (status == 429 and _NO_MONEY.search(f"{code} {message}")):
        return BackendError(f"{said}; the account has nothing left to spend")
    if status in _RETRYABLE or (status >= 500 and status not in _NOT_OURS):
        return _retryable(status, said, retry_after(headers))
    if status in (400, 413, 422):
        return _refused(said, f"{code} {message}", status)
    if status == 404:
        return BackendError(
            f"{said}; check the model name ({where.model!r}) and the base URL, which for most "
            "servers ends in /v1"
        )
    return BackendError(said)


def _retryable(status: int, said: str, wait: float | None) -> RetryableError:
    if status == _THROTTLED:
        return RetryableError(said, wait, "throttled")
    if status in _OVERLOADED:
        # A server that names a wait is well but full; one that does not may be dying.
        return RetryableError(said, wait, "overloaded" if wait is None else "throttled")
    return RetryableError(said, wait)


def _refused(said: str, reason: str, status: int) -> BackendError:
    if status == 413 or _CONTEXT.search(reason):
        return CallFailed(said, "context_length")
    if _FILTER.search(reason):
        return CallFailed(said, "content_filter")
    return BackendError(
        f"{said}; if the server refuses a request field, name it under the backend's `omit`"
    )


def _key_advice(status: int, where: Where) -> str:
    if where.key_env is None:
        return (
            "the server wants a key: put it into an environment variable and name it in "
            "the backend's api_key_env"
        )
    if status == 403:
        return f"the key in the environment variable {where.key_env} may not use this model"
    return f"check the key in the environment variable {where.key_env}"


def message_of(body: object) -> tuple[str, str]:
    """The message and code in an error body, whatever of the usual forms it has."""
    if isinstance(body, str | bytes):
        try:
            return message_of(json.loads(body))
        except ValueError:
            text = body if isinstance(body, str) else body.decode(errors="replace")
            return shorten(re.sub(r"<[^>]*>", " ", text)), ""
    if not isinstance(body, Mapping):
        return shorten(str(body)) if body else "", ""
    inner = body.get("error", body)
    if not isinstance(inner, Mapping):
        return shorten(str(inner)), ""
    message = inner.get("message") or inner.get("detail") or ""
    code = " ".join(str(inner[k]) for k in ("code", "type") if inner.get(k))
    return shorten(str(message)), code


def shorten(text: str) -> str:
    """One line of bearable length; secrets go first, as a cut may leave half of one."""
    text = " ".join(redact(text).split())
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: `retry-after-ms`, or `Retry-After` in either form."""
    low = {k.lower(): v for k, v in headers.items()}
    milliseconds = _number(low.get("retry-after-ms"))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    value = low.get("retry-after")
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        return max(0.0, parsedate_to_datetime(value or "").timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
