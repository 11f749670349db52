"""Where results come from: versions, kind of machine, commit of the working directory."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
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
    for name in (*_PACKAGES, *extra):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


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
    return _git(folder, "rev-parse", "HEAD") or None


def git_dirty(folder: Path | None = None) -> bool | None:
    """Whether tracked files in `folder` differ from the commit, None without git."""
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if changed is None else bool(changed)


def _git(folder: Path | None, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
