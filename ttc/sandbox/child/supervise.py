"""Starts a program in its sandbox, watches what it uses, and leaves nothing of it behind.

Reads one JSON line on stdin; when that is closed, the asker is gone, or doesn't want to know any
more, and all is killed. Answers one JSON object on stdout. A process of its own, so that its
adopted children and its polling of /proc are no affair of ttc's.
"""

import json
import math
import os
import resource
import selectors
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttc.sandbox.child import disk, kernel, tree
else:  # this folder is the first on the path
    import disk
    import kernel
    import tree

START_LIMIT_S = 60.0  # until the program's first instruction, on a busy machine
PIECE = 1 << 16


class AskerGone(Exception):
    """Nobody waits for the result."""


class Reading:
    """What a pipe gave so far, up to a limit."""

    def __init__(self, pipe: int, limit: int) -> None:
        os.set_blocking(pipe, False)
        self.pipe, self.limit = pipe, limit
        self.data = bytearray()
        self.open, self.over = True, False

    def read(self) -> None:
        """Whatever is there, within the limit."""
        while self.open and not self.over:
            try:
                piece = os.read(self.pipe, PIECE)
            except BlockingIOError:
                return
            self.open = bool(piece)
            self.over = len(self.data) + len(piece) > self.limit
            self.data += piece[: self.limit - len(self.data)]

    def text(self) -> str:
        return self.data.decode("utf-8", errors="replace")


class Supervision:
    """One execution."""

    def __init__(self, request: dict[str, Any], place: disk.Place) -> None:
        self.limits = request["limits"]
        self.place = place
        self.me = os.getpid()
        self.ended = ""
        self.cpu_s = self.cpu_before = 0.0
        self.began: float | None = None
        self.start = time.monotonic()
        allow_others(request, place.user)
        status, told = os.pipe()
        output = [os.pipe(), os.pipe()]
        launch = request["launch"] | {"status": told, "user": place.user, "box": place.box}
        with os.fdopen(os.memfd_create("launch"), "wb+") as order:
            order.write(json.dumps(launch).encode())
            order.seek(0)
            self.process = subprocess.Popen(
                [*place.wrapper, *request["launcher"]],
                stdin=order,
                stdout=output[0][1],
                stderr=output[1][1],
                pass_fds=(told,),
                env={},
                cwd="/",
                start_new_session=True,
            )
        for end in (told, output[0][1], output[1][1]):
            os.close(end)
        self.status = Reading(status, 4096)
        self.out = Reading(output[0][0], self.limits["output_bytes"])
        self.err = Reading(output[1][0], self.limits["output_bytes"])

    def run(self) -> None:
        """Wait for the end, by itself or at a limit."""
        with selectors.DefaultSelector() as selector:
            selector.register(0, selectors.EVENT_READ)
            for reading in (self.status, self.out, self.err):
                selector.register(reading.pipe, selectors.EVENT_READ, reading)
            if hasattr(os, "pidfd_open"):
                selector.register(os.pidfd_open(self.process.pid), selectors.EVENT_READ, "end")
            due = pause = 0.02
            while not self.ended and self.process.poll() is None:
                for key, _ in selector.select(pause):
                    if key.fd == 0 and not os.read(0, PIECE):
                        raise AskerGone
                    if isinstance(key.data, Reading):
                        key.data.read()
                        self.note_start()
                        if not key.data.open:
                            selector.unregister(key.fd)
                now = time.monotonic()
                if self.out.over or self.err.over:
                    self.ended = "output"
                elif now >= due:
                    spent = time.process_time()
                    self.look(now)
                    pause = max(0.02, 5 * (time.process_time() - spent))  # a sixth of a core
                    due = time.monotonic() + pause

    def note_start(self) -> None:
        """Time and CPU are the program's own from here on, not those of its sandbox."""
        if self.began is None and self.status.data:
            self.cpu_before = sum(one.cpu_s for one in tree.descendants(self.me))
            self.began = time.monotonic()

    def look(self, now: float) -> None:
        """Compare what is used with the limits."""
        tree.reap(self.process.pid)
        processes = tree.descendants(self.me)
        cpu = sum(one.cpu_s for one in processes)
        if self.began is None:
            if now - self.start > START_LIMIT_S:
                self.ended = "start"
            return
        self.cpu_s = max(self.cpu_s, cpu - self.cpu_before)
        if now - self.began > self.limits["wall_s"]:
            self.ended = "time"
        elif self.cpu_s > self.limits["cpu_s"]:
            self.ended = "cpu"
        elif sum(one.threads for one in processes) > self.limits["processes"] + self.place.helpers:
            self.ended = "processes"
        elif tree.memory(processes, self.limits["memory_bytes"]) > self.limits["memory_bytes"]:
            self.ended = "memory"
        elif self.place.full([one.pid for one in processes], now):
            self.ended = "disk"

    def close(self) -> dict[str, Any]:
        """Kill what is left, and say what came of it all."""
        seconds = time.monotonic() - (self.began or self.start)
        gone = tree.end_all(self.me)
        code = self.process.wait() if gone else None
        tree.reap()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = max(self.cpu_s, used.ru_utime + used.ru_stime - self.cpu_before)
        for reading in (self.status, self.out, self.err):
            reading.read()
        if not self.ended and (self.out.over or self.err.over):
            self.ended = "output"
        elif not self.ended and self.began and self.place.full([], math.inf):
            self.ended = "disk"  # faster than we looked
        return {
            "ended": self.ended,
            "code": code,
            "gone": gone,
            "status": self.status.text(),
            "stdout": self.out.text(),
            "stderr": self.err.text(),
            "seconds": seconds,
            "cpu_s": cpu_s,
        }


def allow_others(request: dict[str, Any], user: int | None) -> None:
    """The kernel's limit of processes counts all of a user's, in so far as it shows them.

    Only a user id, or since Linux 5.14 a namespace, of the program's own counts it alone; else
    those that run already come on top.
    """
    release = tuple(int(number) for number in os.uname().release.split(".")[:2])
    if user is None and (request["folder"] or release < (5, 14)):
        request["launch"]["limits"]["NPROC"] += tree.processes_of_user(os.getuid())


def order() -> dict[str, Any]:
    """The request, one line."""
    data = bytearray()
    while not data.endswith(b"\n"):
        piece = os.read(0, PIECE)
        if not piece:
            raise AskerGone
        data += piece
    return dict(json.loads(data))


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the asker's end closes our stdin, and is enough
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    try:
        request = order()
    except AskerGone:
        return
    result: dict[str, Any] = {}
    place: disk.Place | None = None
    try:
        place = disk.place(request)
        supervision = Supervision(request, place)
        try:
            supervision.run()
        finally:
            result = supervision.close()
    except AskerGone:
        return
    except OSError as error:
        result |= {"error": str(error)}
    finally:
        tree.end_all(os.getpid())
        if place:
            place.remove()
    with os.fdopen(1, "w", encoding="ascii") as report:
        json.dump(result, report)


if __name__ == "__main__":
    main()
