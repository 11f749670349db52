"""Runs inside the sandbox and becomes the program: writes its files, takes rights away, execs.

Reads one JSON object on stdin. Tells on the file descriptor `status` that the program is about to
begin (`ok`) or why it can't; the program itself never gets that descriptor.
"""

import base64
import json
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttc.sandbox.child import kernel
else:  # this folder is the first on the path
    import kernel


def write_files(box: str, files: dict[str, str], source: str) -> str:
    """The program's path. It lies beside the working folder, which holds its files alone."""
    for name, text in files.items():
        path = os.path.join(box, "work", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
    program = os.path.join(box, "program.py")
    with open(program, "x", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(source)
    return program


def take_stdin(box: str, text: str) -> None:
    """Standard input is an open file without a name, so that nobody has to feed it."""
    path = os.path.join(box, "stdin")
    with open(path, "x", encoding="utf-8", errors="surrogatepass", newline="") as file:
        file.write(text)
    given = os.open(path, os.O_RDONLY)
    os.unlink(path)
    os.dup2(given, 0)
    os.close(given)


def set_limits(limits: dict[str, int]) -> None:
    """Kernel limits by name; a lower limit that is in force already stays."""
    for name, size in limits.items():
        what = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            size = min(size, hard)
        resource.setrlimit(what, (size, size))


def prepare(request: dict[str, Any]) -> str:
    """Everything up to the program's first instruction; its path."""
    parent = os.getppid()
    if request["user"] is not None:
        kernel.become(request["user"], request["read_all"])
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # changing the user clears it
    if os.getppid() != parent:
        raise OSError("the supervisor is gone")
    os.umask(0o077)
    box = request["box"]
    path = write_files(box, request["files"], request["source"])
    take_stdin(box, request["stdin"])
    os.chdir(os.path.join(box, "work"))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if request["landlock"] is not None:
        kernel.shut_in(request["landlock"]["read"], request["landlock"]["write"])
    set_limits(request["limits"])
    if request["filter"] is not None:
        kernel.filter_calls(base64.b64decode(request["filter"]))
    return path


def main() -> None:
    request = json.load(sys.stdin)
    status = request["status"]
    os.set_inheritable(status, False)
    try:
        path = prepare(request)
        os.write(status, b"ok")
        os.execve(request["argv"][0], [*request["argv"], path], request["environment"])
    except Exception as error:
        os.write(status, f"{type(error).__name__}: {error}".encode())
        os._exit(1)


if __name__ == "__main__":
    main()
