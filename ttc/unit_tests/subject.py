"""The program under test, in a process of its own: it is asked for values, and gives plain data.

Started by the harness in the sandbox; ttc itself uses the coding of values only. It knows no test
and no expected value: whatever the program does to this process, it can only give wrong answers.
Requests and replies are lines of JSON on two pipes, whose numbers are its arguments.
"""

import ctypes
import json
import os
import struct
import sys
from types import GeneratorType
from typing import Any

MOST_ITEMS = 100_000


def encoded(value: Any) -> Any:
    """Plain data with its Python types. Raises `TypeError` for anything else."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return {"float": repr(float(value))}
    if isinstance(value, complex):
        return {"complex": repr(complex(value))}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {"dict": [[encoded(k), encoded(v)] for k, v in value.items()]}
    for name, kind in (("list", list), ("tuple", tuple), ("set", set), ("frozenset", frozenset)):
        if isinstance(value, kind):
            return {name: [encoded(item) for item in value]}
    if isinstance(value, (GeneratorType, range, map, filter, zip)):
        items = []
        for item in value:
            items.append(encoded(item))
            if len(items) > MOST_ITEMS:
                raise TypeError("it gives values without end")
        return {"items": items}
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return encoded(value.tolist())
    raise TypeError(f"it gives a {type(value).__name__}, which is no plain data")


def decoded(value: Any) -> Any:
    """The other way round."""
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind in ("float", "complex"):
        return {"float": float, "complex": complex}[kind](held)
    if kind == "bytes":
        return bytes.fromhex(held)
    if kind == "dict":
        return {decoded(k): decoded(v) for k, v in held}
    kinds = {"list": list, "items": list, "tuple": tuple, "set": set, "frozenset": frozenset}
    return kinds[kind](decoded(item) for item in held)


def shut_off() -> bool:
    """Whether the kernel's Landlock keeps this process from others' memory and signals, for good.

    Processes in a domain of Landlock can't look into those outside, whatever their user; files are
    left as they are. Linux 5.13 or later.
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = call(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    scoped = 3 if version >= 6 else 0  # signals, and sockets without a file
    rules = (ctypes.c_uint64 * 3)(1, 0, scoped)  # of files, running them; network; scopes
    size = 24 if scoped else 8
    ruleset = call(444, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    root = os.open("/", os.O_PATH)
    beneath = struct.pack("=Qi", 1, root)
    added = call(445, ruleset, ctypes.c_int(1), beneath, ctypes.c_uint32(0))
    done = added == 0 and call(446, ruleset, ctypes.c_uint32(0)) == 0
    os.close(root)
    os.close(ruleset)
    return bool(done)


def _loaded(program: str, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The program's namespace, and the reply to the order to load it."""
    space: dict[str, Any] = {"__name__": "program"}
    try:
        exec(compile(program, "<program>", "exec"), space)
    except BaseException as error:
        return {}, _fault(error)
    found = [name for name in names if callable(space.get(name))]
    plain = {}
    for name in (set(names) & set(space)) - set(found):
        try:
            plain[name] = encoded(space[name])
        except (TypeError, RecursionError):
            continue
    return space, {"functions": found, "values": plain}


def _called(space: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    try:
        given = [decoded(one) for one in order["args"]]
        named = {key: decoded(one) for key, one in order["kwargs"].items()}
        value = encoded(space[order["call"]](*given, **named))
        return {"value": value, "args": [encoded(one) for one in given]}
    except BaseException as error:
        return _fault(error)


def _fault(error: BaseException) -> dict[str, Any]:
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"raised": kinds, "message": str(error)[:300]}


def main() -> None:
    asked, told = (os.fdopen(int(n), mode) for n, mode in zip(sys.argv[1:3], "rw", strict=True))
    space: dict[str, Any] = {}
    for line in asked:
        order = json.loads(line)
        if "hello" in order:
            reply: dict[str, Any] = {"shut_off": shut_off()}
        elif "program" in order:
            space, reply = _loaded(order["program"], order["names"])
        else:
            reply = _called(space, order)
        try:
            text = json.dumps(reply)
        except (TypeError, ValueError, RecursionError) as error:
            text = json.dumps(_fault(error))
        told.write(text + "\n")
        told.flush()


if __name__ == "__main__":
    main()
