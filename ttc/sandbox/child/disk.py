"""The folder that a program may write to, and what it holds."""

import contextlib
import os
import stat
import subprocess
import tempfile
import time
from typing import Any


class Place:
    """A file system of its own within the sandbox (bubblewrap), which has its limit of bytes."""

    box = "/box"

    def __init__(self, request: dict[str, Any], user: int | None) -> None:
        self.wrapper: list[str] = request["wrapper"]
        self.user = user
        self.helpers: int = request["helpers"]
        self.bytes: int = request["limits"]["disk_bytes"]
        self.files: int = request["limits"]["disk_files"] + request["own_files"]

    def full(self, pids: list[int], now: float) -> bool:
        """More files than allowed? The number is no limit that bubblewrap knows."""
        for pid in reversed(pids):  # the youngest: those outside the sandbox come first
            with contextlib.suppress(OSError):
                seen = os.statvfs(f"/proc/{pid}/root{self.box}")
                return seen.f_files - seen.f_ffree > self.files
        return False

    def remove(self) -> None:
        """It ends with its last process."""


class Folder(Place):
    """A folder in the machine's own temporary one, whose content is counted by looking."""

    def __init__(self, request: dict[str, Any], user: int | None) -> None:
        super().__init__(request, user)
        self.bytes += request["own_bytes"]
        self.box = os.path.realpath(tempfile.mkdtemp(prefix="ttc-box-"))
        for name in ("work", "tmp"):
            os.mkdir(os.path.join(self.box, name), 0o700)
        for path in (os.path.join(self.box, "work"), os.path.join(self.box, "tmp"), self.box):
            if user is not None:
                os.chown(path, user, user)
        if user is not None:
            request["launch"]["read_all"] = any(map(_closed, [*request["needs"], self.box]))
        self._next = 0.0
        landlock = request["launch"]["landlock"]
        if landlock is not None:
            landlock["write"] = [self.box, *landlock["write"]]
        environment = request["launch"]["environment"]
        for name, value in environment.items():
            environment[name] = value.replace("/box", self.box, 1) if value[:4] == "/box" else value

    def full(self, pids: list[int], now: float) -> bool:
        """More bytes or files than allowed? Looked at as often as a tenth of a core allows."""
        if now < self._next:
            return False
        spent = time.process_time()
        files, size = _named(self.box, self.files)
        full = files > self.files or size + sum(map(_unnamed, pids)) > self.bytes
        self._next = now + 10 * (time.process_time() - spent)
        return full

    def remove(self) -> None:
        """With coreutils, which cope with folders nested a thousand deep and without rights."""
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run(
                [*command, "--", self.box],
                env={"PATH": f"{os.defpath}:{os.environ.get('PATH', '')}"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )


def _closed(path: str) -> bool:
    """Whether some folder on the way to a path lets only its owner or group pass."""
    ways = {os.path.dirname(path), os.path.dirname(os.path.realpath(path))}
    while ways:
        way = ways.pop()
        if not os.stat(way).st_mode & stat.S_IXOTH:
            return True
        if way != "/":
            ways.add(os.path.dirname(way))
    return False


def _named(folder: str, most: int) -> tuple[int, int]:
    """Files and bytes beneath a folder; counting stops where there are more than `most` files."""
    count = size = 0
    ahead = [folder]
    while ahead and count <= most:
        try:
            with os.scandir(ahead.pop()) as entries:
                for entry in entries:
                    count += 1
                    with contextlib.suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        ahead.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):  # changed meanwhile
            continue
        except OSError:  # closed by its owner, or too deep: anything may be hidden in it
            return most + 1, size
    return count, size


def _unnamed(pid: int) -> int:
    """Bytes of files that a process holds open and that have no name any more."""
    size = 0
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                seen = os.stat(f"{folder}/{name}")
                if stat.S_ISREG(seen.st_mode) and not seen.st_nlink:
                    size += seen.st_blocks * 512
    return size


def place(request: dict[str, Any]) -> Place:
    """Where this request's program works, and as whom: under root as a user of its own.

    The user id is one that nobody else has, so that the kernel's limit of processes, which counts a
    user's, counts this program's alone, and no file or process of others is within its rights.
    """
    user = _fresh_user() if os.getuid() == 0 else None
    return (Folder if request["folder"] else Place)(request, user)


def _fresh_user() -> int:
    with open("/proc/self/uid_map") as file:
        mapped = [[int(word) for word in line.split()] for line in file]
    end = max(start + length for start, _, length in mapped)
    room = min(100_000, end // 2)
    if not room:
        raise OSError(
            "you are root of a user namespace that has no other user whom a program could run as; "
            "start ttc as an ordinary user, or map more ids"
        )
    return min(2_000_000_000, end - room) + os.getpid() % room
