"""What a failed request means for the run: try again, give this call up, or stop.

The engine acts on the class alone, so this table is the whole policy:

- `RetryableError`: 408, 409, 425, 429, 5xx, time-outs, broken connections, unreadable replies;
  429 and 503 also say that the server has too many calls;
- `CallFailed`: the prompt is too long or was filtered, which no other call need suffer from;
- `BackendError`: anything else that a server will not do. For a bad key, an unknown model or a
  field that it does not take, every further call would fail too. With `refused`, it may be the
  prompt that it does not like, and the engine finds out which.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from ttc.backends.common.foreign import shorten, whole
from ttc.backends.http.error_body import Told, read_error
from ttc.backends.http.refusals import field_advice, is_about_money, is_about_the_model, reason_of
from ttc.errors import BackendError, CallFailed, RetryableError

__all__ = ["Where", "from_status", "from_words", "retry_after", "shorten"]

_RETRYABLE = {408, 409, 425, 429}
_THROTTLED, _OVERLOADED = 429, {408, 503, 504, 529}
_NOT_OURS = {501, 505}  # the server will never do it: retrying is idle
_LONGEST_WAIT = 7 * 86_400.0  # seconds; a longer wish is a mistake, and no limit resets later


@dataclass(frozen=True, slots=True)
class Where:
    """What an error message must name. `key_env` is a variable's name, never its value."""

    endpoint: str
    model: str
    key_env: str | None = None
    scrub: Callable[[str], str] = field(default=str, repr=False)

    def say(self, text: str) -> str:
        """A one-line message that starts with the endpoint and holds no secret."""
        return self.scrub(whole(f"{self.endpoint}: {' '.join(text.split())}"))


def from_status(
    status: int, body: object, headers: Mapping[str, str], where: Where
) -> BackendError:
    """The error class of an HTTP status with its body (parsed JSON or text) and headers."""
    told = read_error(body)
    said = where.say(f"HTTP {status}: {told.message}" if told.message else f"HTTP {status}")
    if status == 402 or (status == _THROTTLED and is_about_money(told)):
        return BackendError(f"{said}; the account has nothing left to spend")
    if status == _THROTTLED and "too large" in told.words and reason_of(told) == "context_length":
        # It alone is beyond what may be asked for in a minute, however long one waits.
        return CallFailed(said, "context_length")
    if 400 <= status < 500 and status not in _RETRYABLE:
        return _refused(status, said, told, where)
    if status in _NOT_OURS:
        return BackendError(said, refused=status)
    return _retryable(status, said, retry_after(headers))


def from_words(body: object, where: Where) -> BackendError:
    """The error class of an error without a status."""
    told = read_error(body)
    said, reason = where.say(told.message), reason_of(told)
    return CallFailed(said, reason) if reason else RetryableError(said)


def _retryable(status: int, said: str, wait: float | None) -> RetryableError:
    if status == _THROTTLED:
        return RetryableError(said, wait, "throttled")
    if status in _OVERLOADED:
        # A server that names a wait is well but full; one that does not may be dying.
        return RetryableError(said, wait, "overloaded" if wait is None else "throttled")
    return RetryableError(said, wait)


def _refused(status: int, said: str, told: Told, where: Where) -> BackendError:
    if status == 413:
        return CallFailed(said, "context_length")
    reason = reason_of(told) if status not in (401, 404) else None
    if reason is not None:
        return CallFailed(said, reason)
    advice = _advice(status, told, where)
    # An unknown model says nothing of the prompt.
    ours = status == 404 and "model" in told.words
    refused = None if ours else status
    return BackendError(f"{said}; {advice}" if advice else said, refused=refused)


def _advice(status: int, told: Told, where: Where) -> str | None:
    if is_about_money(told):
        return "the account has nothing left to spend"
    if status == 401 or (status == 403 and where.key_env is not None):
        return _key_advice(status, where)
    if status == 404:
        return (
            f"check the model name ({where.model!r}) and the base URL, which for most servers "
            "ends in /v1"
        )
    if is_about_the_model(told):
        return f"check the model name ({where.model!r})"
    return _key_advice(status, where) if status == 403 else field_advice(told)


def _key_advice(status: int, where: Where) -> str:
    if where.key_env is None:
        return (
            "the server wants a key: put it into an environment variable and name it in "
            "the backend's api_key_env"
        )
    if status == 403:
        return f"the key in the environment variable {where.key_env} may not use this model"
    return f"check the key in the environment variable {where.key_env}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: `retry-after-ms`, or `Retry-After` in either form.

    None where it asks for nothing, or for what can't be meant.
    """
    low = {k.lower(): v for k, v in headers.items()}
    value = low.get("retry-after")
    ways = (_number(low.get("retry-after-ms"), 1000), _number(value), _until(value))
    seconds = next((found for found in ways if found is not None), None)
    return None if seconds is None or seconds > _LONGEST_WAIT else seconds


def _number(value: Any, unit: float = 1.0) -> float | None:
    """A finite number, of such a unit, that is no less than 0."""
    try:
        number = float(value) / unit
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(date: Any) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
    except Exception:  # dates, hours or zones out of range: each fails in a way of its own
        return None
