"""`ttc` commands in processes of their own, which need no second to import everything."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, Any


def ttc(
    folder: Path | str, *words: object, timeout: float = 120, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run `ttc WORDS` in a folder, as `subprocess.run` would. env: added to the environment.

    Raises `subprocess.TimeoutExpired`.
    """
    command = Command(folder, *words, **env)
    try:
        texts = command.communicate(timeout)
    except subprocess.TimeoutExpired:
        command.kill()
        raise
    return subprocess.CompletedProcess(command.args, command.wait(), *texts)


class Command:
    """`ttc WORDS` that has begun; to be used like a `subprocess.Popen`."""

    def __init__(
        self, folder: Path | str, *words: object, terminal: int | None = None, **env: str
    ) -> None:
        """env: added to the environment; terminal: where both streams go, if anywhere."""
        self.args = ["ttc", *map(str, words)]
        self.returncode: int | None = None
        self._files = [_file(), _file()]
        request = {"words": self.args[1:], "cwd": str(folder), "env": {**os.environ, **env}}
        self._news, its = os.pipe()
        files = [file.fileno() if terminal is None else terminal for file in self._files]
        socket.send_fds(_server(), [json.dumps(request).encode()], [*files, its])
        os.close(its)
        self.pid = self._number()

    def _number(self) -> int:
        return int(os.read(self._news, 12))

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        if self.returncode is None and select.select([self._news], [], [], 0)[0]:
            self.returncode = self._number()
            os.close(self._news)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status. Raises `subprocess.TimeoutExpired`."""
        if self.returncode is None and not select.select([self._news], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        status = self.poll()
        assert status is not None
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has written by its end. Raises `subprocess.TimeoutExpired`."""
        self.wait(timeout)
        return self.written()

    def written(self) -> tuple[str, str]:
        """What it has written so far."""
        out, err = (os.pread(f.fileno(), 1 << 30, 0).decode(errors="replace") for f in self._files)
        return out, err

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: Any) -> None:
        self.kill()
        self.wait()


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()


@cache
def _server() -> socket.socket:
    """Lives as long as this process: it ends when its socket is closed.

    It must have no thread, not even pyarrow's: what that holds at a fork stays held.
    """
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking.py")), str(its.fileno())],
            pass_fds=[its.fileno()],
            env={**os.environ, "JE_ARROW_MALLOC_CONF": "background_thread:false"},
            stdin=subprocess.DEVNULL,
        )
    return mine
