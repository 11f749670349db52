"""Where results come from: versions, kind of machine, commit of the working directory."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import ttc

_PACKAGES = (
    *("numpy", "scipy", "pandas", "pyarrow", "openai", "litellm", "latex2sympy2-extended"),
    *("pint", "sympy"),
)


def package_versions(extra: Iterable[str] = ()) -> dict[str, str]:
    """Versions of Python, ttc and the packages that results may depend on."""
    versions = {"python": platform.python_version(), "ttc": ttc.__version__}
    found = {name: _version(name) for name in (*_PACKAGES, *extra)}
    return versions | {name: one for name, one in found.items() if one is not None}


@cache
def _version(name: str) -> str | None:
    """The version that is there, None for none; a process keeps what it has imported."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def host_facts() -> dict[str, str | int | float]:
    """The kind of machine, without its name, its users or its paths."""
    facts: dict[str, str | int | float] = {
        "system": platform.system(),
        "machine": platform.machine(),
        "python_implementation": platform.python_implementation(),
        "cpus": os.cpu_count() or 1,
    }
    if processor := _processor():
        facts["processor"] = processor
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not a POSIX system
        return facts
    return facts | {"memory_gib": round(size / 2**30, 1)}


def _processor() -> str:
    """The processor's model, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            named = next((line for line in file if line.startswith("model name")), "")
    except OSError:
        return platform.processor()
    return named.partition(":")[2].strip() or platform.processor()


def git_commit(folder: Path | None = None) -> str | None:
    """Commit checked out in `folder` (default: the working directory), None without git."""
    found = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    return found.strip() if found and found.strip() else None


def git_dirty(folder: Path | None = None) -> bool | None:
    """Whether tracked files in `folder` differ from the commit, None without git.

    Told from sizes and times in git's index, and from content as it lies on the disk where these
    differ: filters that a repository's configuration names are not run.
    """
    listed = _git(
        folder,
        *("diff-index", "--raw", "-z", "--no-renames", "--ignore-submodules=all", "--no-ext-diff"),
        *("--no-textconv", "--abbrev=40", "HEAD"),
    )
    top = _git(folder, "rev-parse", "--show-toplevel")
    if listed is None or top is None:
        return None
    fields = listed.split("\0")
    changes = zip(fields[::2], fields[1::2], strict=False)
    return any(_differs(Path(top.rstrip("\n")) / name, entry.split()) for entry, name in changes)


def _differs(path: Path, entry: list[str]) -> bool:
    """Whether a file that git's index takes for changed holds something else than the commit."""
    before, after, committed, indexed, _ = entry
    if before[1:] != after or indexed.strip("0") or len(committed) != 40:
        return True
    link = path.is_symlink()
    if not (link or path.is_file()):
        return True
    try:
        content = os.fsencode(os.readlink(path)) if link else path.read_bytes()
    except OSError:
        return True
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest() != committed


# The working folder's own configuration may name programs (`core.fsmonitor`, filters, hooks, how to
# reach a server for objects that are missing): nobody who runs a recipe there has asked for them.
_QUIET = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0")
_APART = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def _git(folder: Path | None, *words: str) -> str | None:
    """What git says, of commands that look at the repository and run none of its programs."""
    try:
        done = subprocess.run(
            ["git", "--no-pager", *_QUIET, *words],
            cwd=folder,
            env={**os.environ, **_APART},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
