"""Errors in OpenAI's form."""

from __future__ import annotations

from typing import Any

from ttc.errors import CallFailed, RetryableError, TtcError

_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
}


class ApiError(Exception):
    """A refusal with its HTTP status, the field at fault and a slug for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        """retry_after: seconds after which the client may ask again."""
        super().__init__(message)
        self.status, self.param, self.code = status, param, code
        self.headers = {} if retry_after is None else {"retry-after": str(retry_after)}

    def body(self) -> dict[str, Any]:
        kind = _TYPES.get(self.status)
        if kind is None:
            kind = "invalid_request_error" if self.status < 500 else "server_error"
        return {
            "error": {
                "message": str(self),
                "type": kind,
                "param": self.param,
                "code": self.code,
            }
        }


def of_failure(error: TtcError) -> ApiError:
    """A backend's failure as a client sees it."""
    if isinstance(error, CallFailed):
        too_long = error.reason == "context_length"
        code = "context_length_exceeded" if too_long else error.reason
        return ApiError(400, str(error), code=code)
    if isinstance(error, RetryableError):
        return ApiError(503, str(error), code="overloaded")
    return ApiError(500, str(error))
