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


def serve(connection: socket.socket) -> bool:
    """Answer requests until there are no more; True in a process that is to be a command."""
    while True:
        request, files, *_ = socket.recv_fds(connection, 1 << 20, 2)
        if not request:
            return False
        child = os.fork()
        if not child:
            connection.close()
            become(json.loads(request), *files)
            return True
        for file in files:
            os.close(file)
        connection.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())


def become(request: dict, out: int, err: int) -> None:
    """Take over the words, folder, environment and files of a command."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[:] = ["ttc", *request["words"]]
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
    load()
    gc.freeze()
    if serve(socket.socket(fileno=int(sys.argv.pop()))):
        from ttc.cli import main

        try:
            main()
        except SystemExit as end:
            leave(end.code)
