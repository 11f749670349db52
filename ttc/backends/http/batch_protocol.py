"""OpenAI's batch protocol as JSON: batches, the lines of their files, and what these say.

A batch is a file of lines, each with a `custom_id` and a request, and comes back as a file of
replies and a file of errors, in any order. What a server says is read as any reply is: it may hold
anything, twice or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from ttc.backends.common.foreign import parse_json, shorten
from ttc.backends.http.error_body import read_error
from ttc.backends.http.errors import Where, from_status
from ttc.backends.http.reply import Malformed, billed, read_reply, token_count
from ttc.core import Call, Completion, ModelIdentity
from ttc.core.batches import Batch, BatchFault, BatchReply
from ttc.errors import BackendError, CallFailed, RetryableError

TOKEN = "ttc_batch"
"""The field of a batch's metadata by which we find it again."""
WINDOW = "24h"
"""The only time frame that providers offer."""
_ENDED = ("completed", "failed", "expired", "cancelled")
_WORDS = {"canceled": "cancelled", "canceling": "cancelling", "succeeded": "completed"}
_ENDS: Mapping[str, Literal["expired", "cancelled"]] = {
    "batch_expired": "expired",
    "expired": "expired",
    "batch_cancelled": "cancelled",
    "cancelled": "cancelled",
}
_MOST_FAULTS = 50
_PAGES = 20  # of a list of batches
PAGE = 100
_LONGEST_ID = 512


def identified(model: ModelIdentity, factor: float | None) -> ModelIdentity:
    """A model that is asked in batches. factor: what they cost of usual prices, where known."""
    facts: dict[str, Any] = {**model.facts, "mode": "batch"}
    return replace(model, facts=facts if factor is None else facts | {"batch_factor": factor})


def encoded(name: str, path: str, body: Mapping[str, Any]) -> tuple[str, bytes]:
    """The route of a request and its line. Raises `CallFailed` for what is no Unicode."""
    route = f"/v1{path}"
    line = {"custom_id": name, "method": "POST", "url": route, "body": body}
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise CallFailed("the prompt is not valid Unicode", "invalid_prompt") from None
    # Plain ASCII: some readers of lines take other characters for the end of one.
    return route, json.dumps(line, separators=(",", ":")).encode("ascii")


def read_id(found: Any, where: Where, what: str) -> str:
    """The id of a thing that was made. Raises `RetryableError`."""
    name = found.get("id") if isinstance(found, Mapping) else None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise RetryableError(where.say(f"the reply names no {what}"), billed=True)
    return name


def read_batch(found: Any, where: Where) -> Batch:
    """A batch as a provider tells it. Raises `RetryableError`."""
    name = read_id(found, where, "batch")
    said = found.get("status")
    status = shorten(said.strip().lower()) if isinstance(said, str) else ""
    status = _WORDS.get(status, status)
    files = (found.get("output_file_id"), found.get("error_file_id"))
    counts, metadata = found.get("request_counts"), found.get("metadata")
    token = metadata.get(TOKEN) if isinstance(metadata, Mapping) else ""
    return Batch(
        id=name,
        status=status,
        ended=status in _ENDED,
        total=token_count(counts, "total") or 0,
        done=token_count(counts, "completed") or 0,
        failed=token_count(counts, "failed") or 0,
        expires=_moment(found.get("expires_at")),
        token=str(token)[:_LONGEST_ID] if token else "",
        input_file=str(found.get("input_file_id") or "")[:_LONGEST_ID],
        files=tuple(dict.fromkeys(f for f in files if isinstance(f, str) and f)),
        faults=tuple(_faults(found.get("errors"), where)),
    )


def _moment(value: Any) -> float | None:
    seconds = token_count({"at": value}, "at") if value is not None else None
    if seconds is None and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if 0 < value < 1e11 else None
    return None if seconds is None else float(seconds)


def _faults(errors: Any, where: Where) -> Iterable[BatchFault]:
    listed = errors.get("data") if isinstance(errors, Mapping) else errors
    for one in listed[:_MOST_FAULTS] if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            line, code = one.get("line"), one.get("code")
            yield BatchFault(
                shorten(str(code)) if code else "",
                where.scrub(read_error(one).message),
                line if isinstance(line, int) and not isinstance(line, bool) else None,
            )


async def look_for(
    page: Callable[[str], Awaitable[Any]], token: str, file: str, where: Where
) -> Batch | None:
    """The batch of a token or file in a list, page by page. page: asks for the one after an id, ""
    for the first. Raises as `page` does.
    """
    after = ""
    for _ in range(_PAGES):
        found, after = find(await page(after), token, file, where)
        if found is not None or not after:
            return found
    return None


def find(listing: Any, token: str, file: str, where: Where) -> tuple[Batch | None, str]:
    """The batch of a token or an input file on a page of a list, and what the next page is after.

    "" where there is no next one.
    """
    data = listing.get("data") if isinstance(listing, Mapping) else None
    if not isinstance(data, list):
        raise RetryableError(where.say("the reply is not a list of batches"))
    last = ""
    for one in data:
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), str):
            continue
        batch = read_batch(one, where)
        if (token and batch.token == token) or (file and batch.input_file == file):
            return batch, ""
        last = batch.id
    return None, last if listing.get("has_more") else ""


def read_lines(content: bytes) -> list[BatchReply]:
    """The lines of a file of replies or errors; what can't be read has no name."""
    found: list[BatchReply] = []
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError:
            value = None
        name = value.get("custom_id") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(name, str):
            found.append(BatchReply("", None))
            continue
        error = value.get("error")
        code = error.get("code") if isinstance(error, Mapping) else None
        answered = isinstance(value.get("response"), Mapping)
        known = None if answered or not isinstance(code, str) else _ENDS.get(code)
        found.append(BatchReply(name, value, known or ""))
    return found


def read_answer(content: Any, call: Call, where: Where) -> tuple[list[Completion], bool]:
    """What a line says, and whether it told what it used.

    A request that was not answered raises as it would by itself.
    """
    response = content.get("response")
    if not isinstance(response, Mapping):
        said = read_error(content.get("error") or {}).message
        raise RetryableError(where.say(said or "the line has neither a response nor an error"))
    status, body = response.get("status_code", 200), response.get("body")
    if isinstance(status, int) and not 200 <= status < 300:
        raise from_status(status, body, {}, where)
    if not isinstance(body, Mapping):
        said = "the reply in the line is no JSON object"
        raise RetryableError(where.say(said), billed=True, unreadable=True)
    if body.get("error") and not body.get("choices"):
        raise billed(_of_error(body, where), body)
    try:
        # How long it waited says nothing of how long a sample takes.
        return read_reply(body, call, 0.0)
    except Malformed as problem:
        text = str(problem)
    raise billed(RetryableError(where.say(text), unreadable=True), body)


def _of_error(body: Mapping[str, Any], where: Where) -> BackendError:
    error = body["error"]
    code = error.get("code") if isinstance(error, Mapping) else None
    status = next((s for s in range(400, 600) if code in (s, str(s))), 500)
    return from_status(status, body, {}, where)
