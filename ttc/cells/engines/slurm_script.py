"""Scripts for `sbatch`: an array that does listed cells, and what follows when all have ended.

Facts about Slurm that the scripts rest on (sbatch(1)): the shell's environment goes along, keys
included, so that no script holds one; `--requeue` starts a preempted task anew; `--signal=B:INT@60`
interrupts the script's own process a minute before its time is up.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttc.errors import UsageError

Options = tuple[tuple[str, str], ...]
"""Options of `sbatch`, without their dashes; an empty value for those that take none."""
_KEY = re.compile(r"[a-z][a-z-]{1,40}")
_VALUE = re.compile(r"[A-Za-z0-9_.:,/@%+=&|!*()\[\]^-]{0,200}")
_NEXT = re.compile(r",(?=[a-z][a-z-]{1,40}(?:[=,]|$))")
_OURS = {
    *("array", "chdir", "dependency", "error", "open-mode", "output", "parsable", "requeue"),
    *("signal", "test-only", "wait", "wrap"),
}
_NOTICE_S = 60


def read_options(text: str) -> Options:
    """Options in a line, `partition=gpu,time=2:00:00`, or those of a file, `@cluster.slurm`, which
    has one a line; `#` begins a comment.

    A comma ends an option only where another one's name follows, as in `mail-type=END,FAIL,mem=8G`.
    Raises `UsageError`.
    """
    if not text.startswith("@"):
        return _checked((part for part in _NEXT.split(text) if part), "--engine slurm://")
    path = Path(text[1:]).expanduser()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--engine slurm://@{path}: {error}") from None
    told = (line.partition("#")[0].strip() for line in lines)
    return _checked((line for line in told if line), str(path))


def _checked(parts: Iterable[str], where: str) -> Options:
    found = {}
    for part in parts:
        key, _, value = part.removeprefix("--").partition("=")
        key = key.strip()
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value.strip()):
            raise UsageError(
                f"{where}: {part!r:.80} is no option of sbatch: expected names and values such as "
                "partition=gpu, time=2:00:00, mem=8G, without blanks and quotes"
            )
        if key in _OURS:
            raise UsageError(f"{where}: {key} is for ttc to set")
        found[key] = value.strip()
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class AtLast:
    """What is done when all cells have ended: words after `ttc`, and `rest`, the words of what
    follows where that command ended with one of the exit codes `after`.
    """

    words: Sequence[str]
    rest: Sequence[str] = ()
    after: Sequence[int] = (0,)


@dataclass(frozen=True, slots=True)
class Script:
    """What the scripts of one submission share.

    name: of the job; folder: of the submission, absolute, with the list of cells; start: the folder
    where relative paths begin.
    """

    name: str
    folder: Path
    start: Path
    options: Options = ()

    @property
    def logs(self) -> Path:
        """Where Slurm writes what tasks print."""
        return self.folder / "logs"

    def array(self, tasks: Sequence[int], before: int = 0, at_a_time: int = 0) -> str:
        """A script that does cells, a task each.

        tasks: numbers of the array's tasks; before: what is added to a task's number for its
        cell's; at_a_time: 0 for no limit.
        """
        listed = _ranges(tasks) + (f"%{at_a_time}" if at_a_time else "")
        task = "${SLURM_ARRAY_TASK_ID:?is set by sbatch}"
        number = f'"$(({task} + {before}))"' if before else f'"{task}"'
        lines = (
            f"#SBATCH --array={listed}",
            '#SBATCH --output="' + _in_header(self.logs) + '/%A_%a.log"',
            "#SBATCH --requeue",
            f"#SBATCH --signal=B:INT@{_NOTICE_S}",
        )
        words = (sys.executable, "-m", "ttc.cells.listed", str(self.folder))
        return self._text(lines, f"exec {shlex.join(words)} {number}")

    def last(self, done: AtLast) -> str:
        """A script of what is done at last; preempted, it starts again, as an array's task does."""
        lines = (
            '#SBATCH --output="' + _in_header(self.logs) + '/%j-last.log"',
            "#SBATCH --requeue",
            f"#SBATCH --signal=B:INT@{_NOTICE_S}",
        )
        if not done.rest:
            return self._text(lines, f"exec {_ttc(done.words)}")
        codes = " | ".join(map(str, done.after))
        work = (
            "code=0",
            f"{_ttc(done.words)} || code=$?",
            f'case "${{code}}" in {codes}) ;; *) exit "${{code}}" ;; esac',
            f"echo {shlex.quote('+ ttc ' + shlex.join(done.rest))}",
            f"exec {_ttc(done.rest)}",
        )
        return self._text(lines, *work)

    def _text(self, lines: Sequence[str], *work: str) -> str:
        head = [
            "#!/usr/bin/env bash",
            f"#SBATCH --job-name={self.name}",
            *lines,
            "#SBATCH --open-mode=append",
            *(f"#SBATCH --{key}" + (f"={value}" if value else "") for key, value in self.options),
        ]
        body = ["set -euo pipefail", f"cd {shlex.quote(str(self.start))}", *work]
        return "\n".join([*head, "", *body, ""])


def _ttc(arguments: Sequence[str]) -> str:
    return shlex.join((sys.executable, "-m", "ttc", *arguments))


def _in_header(path: Path) -> str:
    """A path in a line of options, where `%`, blanks and `#` mean something."""
    text = str(path).replace("%", "%%")
    if re.search(r"[\"'\\\n]", text):
        raise UsageError(f"{path}: Slurm takes no quotes and backslashes in the paths of logs")
    return text


def _ranges(numbers: Sequence[int]) -> str:
    """`1-4,7` of numbers in ascending order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
