"""Programs that models write, the limits they run within, and what came of them.

Plain data, so that an execution can be journalled under what it ran: equal programs are equal, and
the spelling of their fields holds nothing of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MIB = 1 << 20
Isolation = Literal["bubblewrap", "landlock", "process"]
"""How a program is shut in; see `ttc.sandbox`."""
Ended = Literal["exit", "signal", "time", "cpu", "memory", "output", "processes", "disk"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may take; each is positive.

    wall_s, cpu_s: seconds, from the program's first instruction; CPU is that of all its processes.
    memory_bytes: address space of each process (beyond it allocations fail, as `MemoryError`), and
    resident memory of all together (beyond it they are killed). output_bytes: of stdout and of
    stderr, each. processes: processes and threads together. open_files: of each process.
    disk_bytes, disk_files: what it may add to its folder, in bytes and in files and folders.
    """

    wall_s: float = 10.0
    cpu_s: float = 10.0
    memory_bytes: int = 1024 * MIB
    output_bytes: int = MIB
    processes: int = 64
    open_files: int = 128
    disk_bytes: int = 64 * MIB
    disk_files: int = 10_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ValueError(f"limits.{name} must be positive and finite, not {value}")


@dataclass(frozen=True, slots=True)
class Program:
    """A program as its model wrote it, and what it is given.

    source: run as a script. stdin: its standard input. files: texts in its working folder, which is
    otherwise empty, by name (a relative path with no `..`).
    """

    source: str
    language: Literal["python"] = "python"
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.language != "python":
            raise ValueError(f"no interpreter for {self.language!r}; there is one for 'python'")
        for name in self.files:
            parts = name.split("/")
            if "\0" in name or any(part in ("", ".", "..") for part in parts):
                raise ValueError(f"{name!r} is no relative path within the working folder")
        object.__setattr__(self, "files", dict(sorted(self.files.items())))


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of a program.

    ended: "exit" by itself; "signal" it died of one (a crash); else the limit at which it was
    killed. exit_code: where it ended by itself. signal: where it died of one. As in a shell, exit
    codes beyond 128 are read as signals. stdout, stderr: cut at the limit; bytes that are no UTF-8
    are replaced. seconds, cpu_s: wall and CPU time, which differ from one execution to the next.
    """

    ended: Ended
    exit_code: int | None
    signal: int | None
    stdout: str
    stderr: str
    seconds: float
    cpu_s: float

    @property
    def succeeded(self) -> bool:
        """It ended by itself, and says all went well."""
        return self.exit_code == 0
