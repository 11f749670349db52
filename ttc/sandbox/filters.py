"""Which system calls a program may not make, as instructions for seccomp.

By libseccomp, which knows the numbers and the calling conventions of each architecture and is on
nearly every Linux, since package managers and systemd need it. Its Python bindings on PyPI
(pyseccomp) have had no release since 2021, and the few functions needed are called directly.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from functools import cache
from typing import Any

from ttc.sandbox.errors import NoIsolation

_LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000
_NOT_EQUAL, _MASKED_EQUAL = 1, 7
_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)

# Newer than some libseccomp; numbers from 424 on are the same on every architecture.
_NUMBERS = {
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "clone3": 435, "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442,
    "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448, "fchmodat2": 452,
    "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467, "file_setattr": 469,
}  # fmt: skip

# Namespaces and mounts; other processes; kernel doors with a history of holes; memory that nobody's
# resident set shows; machine settings. All networks are shut by having no sockets at all.
_NEVER = """
unshare setns mount umount2 pivot_root chroot mount_setattr move_mount open_tree open_tree_attr
fsopen fsconfig fsmount fspick
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd kcmp
setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr migrate_pages move_pages
bpf perf_event_open userfaultfd add_key keyctl request_key io_uring_setup io_uring_enter
io_uring_register name_to_handle_at open_by_handle_at fanotify_init lookup_dcookie
memfd_create memfd_secret shmget shmat shmctl semget semctl semop msgget msgctl msgsnd msgrcv
mq_open mq_unlink
socket connect bind listen accept accept4 socketcall
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff syslog acct
quotactl quotactl_fd settimeofday clock_settime clock_adjtime adjtimex iopl ioperm sethostname
setdomainname vhangup uselib
"""

# What changes or watches files by their name, and which Landlock does not know.
_NOT_WITHOUT_OWN_FILES = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
file_setattr inotify_init inotify_init1 inotify_add_watch
"""


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


@cache
def _library() -> Any:
    try:
        library = ctypes.CDLL(_LIBRARY, use_errno=True)
    except OSError as error:
        raise NoIsolation(
            f"{_LIBRARY} can't be loaded; install the package libseccomp2 (Debian, Ubuntu) or "
            "libseccomp"
        ) from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_void_p,
    ]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_release.restype = None
    return library


class _Rules:
    def __init__(self) -> None:
        self._library = _library()
        self._rules = self._library.seccomp_init(_ALLOW)
        if not self._rules:
            raise NoIsolation("libseccomp does not know this machine's architecture")

    def refuse(self, name: str, why: int, *when: tuple[int, int, int, int]) -> None:
        """Let a call fail with an error number; when: (argument, operation, a, b), all of them."""
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number == -1 and (number := _NUMBERS.get(name, -1)) == -1:
            return  # no such call on this architecture
        comparisons = (_Comparison * len(when))(*(_Comparison(*one) for one in when))
        result = self._library.seccomp_rule_add_array(
            self._rules, 0x00050000 | why, number, len(when), comparisons if when else None
        )
        if result:
            raise NoIsolation(f"libseccomp can't filter {name}: {os.strerror(-result)}")

    def exported(self) -> bytes:
        with os.fdopen(os.memfd_create("filter"), "w+b") as file:
            result = self._library.seccomp_export_bpf(self._rules, file.fileno())
            self._library.seccomp_release(self._rules)
            if result:
                raise NoIsolation(f"libseccomp can't write its filter: {os.strerror(-result)}")
            file.seek(0)
            return file.read()


@cache
def instructions(own_files: bool) -> bytes:
    """The filter. own_files: no file outside is within reach, so any may be changed.

    Raises `NoIsolation` where libseccomp is missing.
    """
    rules = _Rules()
    for name in (_NEVER if own_files else _NEVER + _NOT_WITHOUT_OWN_FILES).split():
        rules.refuse(name, errno.EPERM)
    for flag in _NAMESPACES:
        rules.refuse("clone", errno.EPERM, (0, _MASKED_EQUAL, flag, flag))
    rules.refuse("clone3", errno.ENOSYS)  # its flags are out of sight; libraries then use clone
    # One's own limits and cores only: other processes of the same user are not hidden everywhere.
    for name in ("prlimit64", "sched_setaffinity"):
        rules.refuse(name, errno.EPERM, (0, _NOT_EQUAL, 0, 0))
    rules.refuse("prctl", errno.EPERM, (0, _MASKED_EQUAL, 0xFFFFFFFF, 4))  # hiding from /proc
    for request in (0x5412, 0x541C):  # typing into a terminal
        rules.refuse("ioctl", errno.EPERM, (1, _MASKED_EQUAL, 0xFFFFFFFF, request))
    # Pairs of sockets stay, for asyncio; only streams, as others can be pointed at an address.
    rules.refuse("socketpair", errno.EPERM, (0, _NOT_EQUAL, socket.AF_UNIX, 0))
    for kind in range(16):
        if kind != socket.SOCK_STREAM:
            rules.refuse("socketpair", errno.EPERM, (1, _MASKED_EQUAL, 0xF, kind))
    return rules.exported()
