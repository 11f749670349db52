"""`log.jsonl`: what happened to a run, one JSON object a line, appended over all its tries.

Whatever is logged by the standard library's `logging` below the logger `ttc` goes in, so parts need
nothing but `logging.getLogger(__name__)`. `note` adds an event's name and fields.
"""

from __future__ import annotations

import json
import logging
import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ttc.errors import DataError
from ttc.redact import redact, redact_all
from ttc.store.atomic import writing
from ttc.store.run_folder import RunFolder
from ttc.visible import visible_json

LOG_NAME = "log.jsonl"
_BLOCK = 1 << 14
_ROOT = logging.getLogger("ttc")
_log = logging.getLogger("ttc.run")


def note(event: str, message: str = "", *, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event of a run: its name in snake_case, a line for people, and plain fields."""
    _log.log(level, message or event, extra={"event": event, "fields": fields})


@contextmanager
def run_log(run: RunFolder, **always: Any) -> Iterator[None]:
    """Append what is logged to the run's log until the block ends; `always` stands in each line.

    Raises `DataError` where the file can't be opened. A line that can't be written later (a full
    disk) is lost: the log must not end a run that goes on otherwise.
    """
    handler = _JsonLines(run.path / LOG_NAME, always)
    before = _ROOT.level
    _ROOT.addHandler(handler)
    _ROOT.setLevel(min(_ROOT.getEffectiveLevel(), logging.INFO))
    try:
        yield
    finally:
        _ROOT.removeHandler(handler)
        _ROOT.setLevel(before)
        handler.close()


class _JsonLines(logging.Handler):
    """Each record is written by one call, whole, so that a killed process leaves whole lines."""

    def __init__(self, path: Path, always: Mapping[str, Any]) -> None:
        super().__init__(logging.INFO)
        self._always = always
        with writing(path):
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            # After a power cut the last line may lack its end; it must not swallow the next one.
            if os.fstat(self._file).st_size:
                os.lseek(self._file, -1, os.SEEK_END)
                if os.read(self._file, 1) != b"\n":
                    os.write(self._file, b"\n")

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError, TypeError):
            made = entry(record, self._always)
            line = visible_json(json.dumps(made, ensure_ascii=False, default=str))
            os.write(self._file, (line + "\n").encode("utf-8", "replace"))

    def close(self) -> None:
        super().close()
        with suppress(OSError):
            os.close(self._file)


def entry(record: logging.LogRecord, always: Mapping[str, Any]) -> dict[str, Any]:
    """A record as the object of its line: time, level, event, the fields, then the message."""
    made: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": getattr(record, "event", record.name.rpartition(".")[2]),
        **always,
        **getattr(record, "fields", {}),
        "message": redact(record.getMessage()),
    }
    if record.exc_info and record.exc_info[1] is not None:
        made["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
    plain: dict[str, Any] = redact_all(made)
    return plain


def read_log(run: RunFolder, last: int | None = None) -> list[dict[str, Any]]:
    """The entries of a run's log, or the last so many; unreadable lines are left out.

    Raises `DataError` where there is a log that can't be read; without one the list is empty.
    """
    path = run.path / LOG_NAME
    try:
        with path.open("rb") as file:
            lines = file.readlines() if last is None else _tail(file, last)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"can't read {path}: {error.strerror}") from None
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            value = json.loads(line.decode("utf-8", "replace"))
            if isinstance(value, dict):
                found.append(value)
    return found if last is None else found[max(0, len(found) - last) :]


def _tail(file: BinaryIO, lines: int) -> list[bytes]:
    """The last lines of a file, a few more where that is cheaper, without reading all of it."""
    end = file.seek(0, os.SEEK_END)
    size = _BLOCK
    while True:
        file.seek(max(0, end - size))
        found = file.read(end - file.tell()).splitlines()
        if size >= end:
            return found
        if len(found) > lines + 1:
            return found[1:]  # the first one is cut
        size *= 4
