"""The server of `processes`: it has imported ttc once, and forks for each command.

A new interpreter imports for a second before a command begins, which was most of the suite's time.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
from contextlib import suppress

# What commands import when they are called.
LATER = ("openai", "aiohttp", "scipy.stats", "scipy.optimize", "pyarrow.parquet", "sympy", "joblib")
EXTRAS = ("ttc.nano.training", "ttc.backends.vllm", "ttc.__main__")


def load() -> None:
    """Import all that needs no extra; no plug-in, which belongs to each command."""
    import ttc

    for module in pkgutil.walk_packages(ttc.__path__, "ttc.", onerror=lambda name: None):
        if not module.name.startswith(EXTRAS):
            with suppress(ImportError):
                importlib.import_module(module.name)
    for name in LATER:
        importlib.import_module(name)
    from ttc.quiet_litellm import load_litellm

    load_litellm()


def serve(connection: socket.socket) -> bool:
    """Answer requests until there are no more; True in a process that is to be a command.

    A request brings three files: two for the command's output, and one to which its process id and,
    when it has ended, its exit status are written.
    """
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([connection, ended], [], [])
        if ended in ready:
            os.read(ended, 1000)
            reap(running)
        if connection not in ready:
            continue
        request, files, *_ = socket.recv_fds(connection, 1 << 20, 3)
        if not request:
            return False
        out, err, news = files
        # What comes for a command before it is one waits until it begins.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        child = os.fork()
        if not child:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for file in (connection.detach(), ended, wake, news, *running.values()):
                os.close(file)
            become(json.loads(request), out, err)
            return True
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.close(out)
        os.close(err)
        tell(news, child)
        running[child] = news


def reap(running: dict[int, int]) -> None:
    """Tell of the commands that have ended."""
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            news = running.pop(child)
            tell(news, os.waitstatus_to_exitcode(status))
            os.close(news)


def tell(news: int, number: int) -> None:
    """Write a number in 12 characters, if anybody is left to read it."""
    with suppress(BrokenPipeError):
        os.write(news, b"%12d" % number)


def become(request: dict, out: int, err: int) -> None:
    """Take over the words, folder, environment and files of a command."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[:] = ["ttc", *request["words"]]
    sys.dont_write_bytecode = bool(request["env"].get("PYTHONDONTWRITEBYTECODE"))
    sys.path[:0] = filter(None, request["env"].get("PYTHONPATH", "").split(os.pathsep))
    for file, number in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(file, number)
        os.close(file)


def leave(code: object) -> None:
    """End as an interpreter does, but for freeing each object of all those modules."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else bool(code))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    gc.freeze()
    if serve(socket.socket(fileno=int(sys.argv.pop()))):
        from ttc.cli import main

        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
            main()
        except SystemExit as end:
            leave(end.code)
        except KeyboardInterrupt:
            leave(130)
