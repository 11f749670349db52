"""What this machine offers for shutting programs in, and what each level lets through here."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ttc.core import Isolation
from ttc.sandbox.child import kernel
from ttc.sandbox.errors import SandboxError
from ttc.sandbox.levels import FULL, LEVELS
from ttc.sandbox.selftest import tried


@dataclass(frozen=True, slots=True)
class Means:
    """Something of the machine's that isolation rests on. help: how to get it, where it lacks."""

    name: str
    there: bool
    finding: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A level as it is here. through: the checks that it let through, where it can run."""

    level: Isolation
    full: bool
    runs: bool
    through: tuple[str, ...]
    finding: str

    @property
    def holds(self) -> bool:
        return self.runs and not self.through


@dataclass(frozen=True, slots=True)
class Offers:
    """The machine's means, its levels, strongest first, and the one used by default, if any."""

    means: tuple[Means, ...]
    levels: tuple[Offer, ...]

    @property
    def default(self) -> Isolation | None:
        return next((one.level for one in self.levels if one.full and one.holds), None)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"default": self.default}


async def examined() -> Offers:
    """Look at the machine, and run the self-test at each level."""
    means = (_linux(), _bubblewrap(), _namespaces(), _landlock(), _seccomp())
    return Offers(means, tuple([await _offer(level) for level in LEVELS]))


async def _offer(level: Isolation) -> Offer:
    try:
        result = await tried(level)
    except SandboxError as error:
        return Offer(level, level in FULL, False, (), str(error))
    got = ", ".join(result.through).replace("_", " ")
    said = f"lets through: {got}" if got else "every attempt of the self-test was refused"
    return Offer(level, level in FULL, True, result.through, f"{said} ({result.seconds:.2f} s)")


def _linux() -> Means:
    linux = sys.platform == "linux"
    who = "root: a program gets a user id of its own" if linux and os.getuid() == 0 else ""
    finding = f"{platform.system()} {platform.release()}" + (f"; you are {who}" if who else "")
    return Means("Linux", linux, finding, "" if linux else "use a Linux machine, container or VM")


def _bubblewrap() -> Means:
    found = shutil.which("bwrap")
    if found is None:
        return Means("bubblewrap", False, "no bwrap on the path", "install the package bubblewrap")
    said = subprocess.run(
        [found, "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    version = said.stdout.split()[-1] if said.stdout.split() else "?"
    new = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) >= (0, 8)
    return Means("bubblewrap", new, version, "" if new else "version 0.8 or later is needed")


def _namespaces() -> Means:
    """Whether users may make namespaces, as bubblewrap does; root needs no leave for them."""
    if not Path("/proc/self/ns/user").exists():
        return Means(
            "user namespaces", False, "the kernel has none", "a kernel with CONFIG_USER_NS"
        )
    for name, bad in (
        ("user/max_user_namespaces", "0"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ):
        path = Path("/proc/sys") / name
        if path.exists() and path.read_text().strip() == bad:
            setting = f"{name.replace('/', '.')} is {bad}"
            root = os.getuid() == 0
            return Means("user namespaces", root, setting, "" if root else f"ask for it: {setting}")
    return Means("user namespaces", True, "not forbidden by a setting")


def _landlock() -> Means:
    abi = kernel.landlock_abi() if sys.platform == "linux" else 0
    enough = abi >= kernel.LANDLOCK_ABI
    finding = f"version {abi}" if abi else "the kernel has none, or it is off"
    needed = f"version {kernel.LANDLOCK_ABI} is needed: Linux 6.12 or later, with landlock in lsm="
    return Means("Landlock", enough, finding, "" if enough else needed)


def _seccomp() -> Means:
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return Means("seccomp", False, "no libseccomp.so.2", "install the package libseccomp2")
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    there = actions.exists() and "errno" in actions.read_text()
    return Means("seccomp", there, "libseccomp.so.2" if there else "the kernel has no filters")
