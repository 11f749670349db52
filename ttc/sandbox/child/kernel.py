"""System calls that Python has no words for: Landlock, seccomp, capabilities, prctl."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
_CAP_DAC_READ_SEARCH = 2
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}

# Landlock has the same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _IOCTL = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_ALL_FILE_RIGHTS = (1 << 16) - 1
_FOR_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_DEVICES = 1 << 6 | 1 << 11  # making character and block devices
_TCP = 1 | 1 << 1  # binding and connecting
_SCOPES = 1 | 1 << 1  # abstract sockets and signals of processes outside
LANDLOCK_ABI = 6  # the first that keeps signals in; Linux 6.12


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def checked(result: int, what: str) -> int:
    """The result of a call; raises OSError that says what failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    checked(libc.prctl(option, *words), f"prctl {option}")


def landlock_abi() -> int:
    """The version of the kernel's Landlock; 0 where it has none."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(0, int(version))


def shut_in(readable: list[str], writable: list[str]) -> None:
    """Landlock: no file but beneath these, no TCP, no signal to a process outside, for good."""
    rules = _Ruleset(_ALL_FILE_RIGHTS, _TCP, _SCOPES)
    size = ctypes.c_size_t(ctypes.sizeof(rules))
    ruleset = checked(
        libc.syscall(_CREATE_RULESET, ctypes.byref(rules), size, ctypes.c_uint32(0)),
        "landlock_create_ruleset",
    )
    for path in readable:
        _allow(ruleset, path, _EXECUTE | _READ | _LIST)
    for path in writable:
        _allow(ruleset, path, _ALL_FILE_RIGHTS & ~(_EXECUTE | _IOCTL | _DEVICES))
    checked(libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "landlock_restrict_self")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rights = rights if os.path.isdir(path) else rights & _FOR_FILES
    rule = _Beneath(rights, place)
    added = libc.syscall(
        _ADD_RULE, ruleset, ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0)
    )
    checked(added, f"landlock_add_rule for {path}")
    os.close(place)


def filter_calls(instructions: bytes) -> None:
    """seccomp: system calls pass this filter from now on, for good."""
    program = _Filter(len(instructions) // 8, instructions)
    done = libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), ctypes.byref(program))
    checked(done, "seccomp")


def become(user: int, read_all: bool) -> None:
    """From root, turn into `user` (and a group of the same number) with no rights of root's left.

    read_all keeps the one to pass folders closed to others and read what is in them, for an
    interpreter in root's home; under Landlock only what that lets through is reached by it.
    """
    os.setgroups([])
    os.setresgid(user, user, user)
    if read_all:
        prctl(PR_SET_KEEPCAPS, 1)
    os.setresuid(user, user, user)
    if read_all:
        bit = 1 << _CAP_DAC_READ_SEARCH
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
        number = _SYS_CAPSET.get(os.uname().machine)
        if number is None:
            raise OSError(f"capset is unknown on {os.uname().machine}")
        what = (
            "the interpreter or the temporary folder (TMPDIR) lies in a folder closed to others, "
            "and this root lacks the right to let a program pass it (CAP_DAC_READ_SEARCH)"
        )
        checked(libc.syscall(number, ctypes.byref(header), ctypes.byref(sets)), what)
        prctl(PR_CAP_AMBIENT, 2, _CAP_DAC_READ_SEARCH)
