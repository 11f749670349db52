"""`ttc` commands in processes of their own, which need no second to import everything."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path


def ttc(
    folder: Path | str, *words: object, timeout: float = 120, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run `ttc WORDS` in a folder, as `subprocess.run` would. env: added to the environment.

    Raises `subprocess.TimeoutExpired`.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = Command(folder, words, out.fileno(), err.fileno(), {**os.environ, **env})
        code = command.wait(timeout)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(["ttc", *words], code, *texts)


class Command:
    """A command that has begun; the next one can begin when it has ended."""

    def __init__(
        self, folder: Path | str, words: tuple[object, ...], out: int, err: int, env: Mapping
    ) -> None:
        """out, err: file descriptors that it writes to."""
        self._server = _server()
        self.words = ["ttc", *map(str, words)]
        request = {"words": self.words[1:], "cwd": str(folder), "env": dict(env)}
        socket.send_fds(self._server, [json.dumps(request).encode()], [out, err])
        self.pid = int(self._server.recv(100))

    def wait(self, timeout: float) -> int:
        """Its exit status. Killed after so many seconds: raises `subprocess.TimeoutExpired`."""
        self._server.settimeout(timeout)
        try:
            return int(self._server.recv(100))
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            self._server.settimeout(None)
            self._server.recv(100)
            raise subprocess.TimeoutExpired(self.words, timeout) from None
        finally:
            self._server.settimeout(None)


@cache
def _server() -> socket.socket:
    """Lives as long as this process: it ends when its socket is closed."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking.py")), str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
        )
    return mine
