"""`control/`: how another process steers a run, by files that only the run's user can read.

A try opens its door by emptying the folder and leaving a token there. Who wants something puts a
request with that token beside it, whole or not at all; the run takes it away, acts, and leaves an
answer. So a request that was taken back or meant for an earlier try never steers, and nothing
listens on a network.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttc.errors import DataError, TtcError
from ttc.redact import redact_all
from ttc.store.atomic import small_path, writing
from ttc.store.read_status import look
from ttc.store.run_folder import RunFolder
from ttc.store.status import STATUS_NAME

CONTROL_NAME = "control"
COMMANDS = ("pause", "resume", "set", "retry", "stop")
"""What a run can be told."""
WAIT_S = 10.0
"""Longest wait for an answer; a run looks for requests some times a second."""
_OPEN, _REQUEST, _ANSWER = "open.json", ".request", ".answer"
_LARGEST = 1 << 16
_MOST_WORDS = 1000
_LOOK_S = 0.05
_ALIVE_EVERY_S = 0.5
_LAST_S = 1.0
# A link or a pipe in a request's place must neither lead elsewhere nor hold the run up.
_NO_TRICKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

Made = TypeVar("Made", bound=BaseModel)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Open(_File):
    token: str


class Request(_File):
    """What is wanted of a run: a command with its words. token: of the try that is meant."""

    token: str
    command: str
    words: tuple[str, ...] = Field(default=(), max_length=_MOST_WORDS)


class Answer(_File):
    """ok: whether it was done; said: that or why not, in a sentence; facts: plain data."""

    ok: bool
    said: str
    facts: dict[str, Any] = {}

    def as_plain(self) -> dict[str, Any]:
        """For programs."""
        return {"ok": self.ok, "said": self.said, **self.facts}


class Door:
    """The run's own side. Nothing here raises: a run goes on where it can't be steered."""

    def __init__(self, run: RunFolder) -> None:
        self._folder = run.path / CONTROL_NAME
        self._token = secrets.token_hex(8)

    def open(self) -> bool:
        """Take requests from now on, and none that was there before; whether that is possible."""
        with suppress(OSError, TtcError):
            self._clear()
            self._folder.mkdir(mode=0o700)
            _write(self._folder / _OPEN, _Open(token=self._token))
            return True
        return False

    def close(self) -> None:
        """Take none any more, once who asked last has read the answer, or has had time to."""
        until = time.monotonic() + _LAST_S
        with suppress(OSError):
            while any(n.endswith(_ANSWER) for n in os.listdir(self._folder)):
                if time.monotonic() > until:
                    break
                time.sleep(_LOOK_S)
        with suppress(OSError):
            self._clear()

    def _clear(self) -> None:
        if self._folder.is_symlink() or self._folder.is_file():
            self._folder.unlink()
        elif self._folder.exists():
            shutil.rmtree(self._folder)

    def waiting(self) -> list[str]:
        """Names of requests, oldest first."""
        with suppress(OSError):
            return sorted(n for n in os.listdir(self._folder) if n.endswith(_REQUEST))
        return []

    def take(self, name: str) -> Request | None:
        """A request, which is gone afterwards; None where it is none for this try."""
        path = self._folder / name
        found = _read(path, Request)
        try:
            path.unlink()
        except OSError:
            return None  # whoever asked has taken it back
        return found if found is not None and found.token == self._token else None

    def answer(self, name: str, answer: Answer) -> None:
        """Say what became of a request."""
        plain = Answer.model_validate(redact_all(answer.model_dump()))
        with suppress(OSError, TtcError):
            _write((self._folder / name).with_suffix(_ANSWER), plain)


def ask(run: RunFolder, command: str, words: tuple[str, ...], wait_s: float = WAIT_S) -> Answer:
    """Have a live run do something, and its answer. Raises `DataError` where none comes."""
    folder = run.path / CONTROL_NAME
    _require_alive(run)
    opened = _opened(run, folder)
    name = f"{time.time_ns():020}-{secrets.token_hex(4)}"
    request, answered = (folder / f"{name}{ending}" for ending in (_REQUEST, _ANSWER))
    _write(request, Request(token=opened.token, command=command, words=words))
    try:
        found = _wait(run, answered, wait_s)
    finally:
        taken = not _removed(request)
        _removed(answered)
        if not look(run)[1]:
            with suppress(OSError):
                folder.rmdir()  # if the run was just ending, it is there for this request alone
    if found is not None:
        return found
    done = "it has begun with this, and may yet do it" if taken else "it will not do it any more"
    raise DataError(
        f"{run.name} did not answer within {wait_s:g} s, perhaps because a part of it blocks it; "
        f"{done} (ttc status {run.path} shows how it goes on)"
    )


def _wait(run: RunFolder, answered: Path, wait_s: float) -> Answer | None:
    until = time.monotonic() + wait_s
    alive_at = time.monotonic()
    while (now := time.monotonic()) < until:
        found = _read(answered, Answer)
        if found is not None:
            return found
        if now - alive_at > _ALIVE_EVERY_S:
            alive_at = now
            if not look(run)[1] and not answered.exists():
                raise DataError(f"{run.name} ended before it answered")
        time.sleep(_LOOK_S)
    return None


def _removed(path: Path) -> bool:
    """Whether a file was there to be removed."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _require_alive(run: RunFolder) -> None:
    status, alive = look(run)
    if not alive:
        raise DataError(
            f"{run.name} is not running ({status.state}), so there is nothing to steer; "
            "`ttc run` with its recipe goes on with one that has not ended"
        )


def _opened(run: RunFolder, folder: Path) -> _Open:
    owner = _owner(run.path / STATUS_NAME)
    if owner is not None and owner != _user():
        raise DataError(
            f"{run.name} is run by another user (number {owner}), who alone may steer it; "
            f"run ttc ctl as that user"
        )
    found = _read(folder / _OPEN, _Open)
    if found is None:
        raise DataError(
            f"{run.name} takes no commands: it is about to begin or to end, or it was started by a "
            "version of ttc that takes none; try again in a moment"
        )
    return found


def _user() -> int | None:
    return os.geteuid() if hasattr(os, "geteuid") else None


def _owner(path: Path) -> int | None:
    """Number of the user whose file it is; None where the system has none, or there is none."""
    with suppress(OSError):
        return path.stat().st_uid if _user() is not None else None
    return None


def _write(path: Path, content: BaseModel) -> None:
    with small_path(path) as temporary, writing(path):
        temporary.chmod(0o600)
        temporary.write_text(content.model_dump_json() + "\n", encoding="utf-8")


def _read(path: Path, kind: type[Made]) -> Made | None:
    """What a file of ours holds; None where it is not there, not ours or not of this kind."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_TRICKS)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file, suppress(OSError, ValidationError):
        found = os.fstat(file.fileno())
        ours = _user() is None or found.st_uid == _user()
        if stat.S_ISREG(found.st_mode) and ours and found.st_size <= _LARGEST:
            return kind.model_validate_json(file.read(_LARGEST))
    return None
