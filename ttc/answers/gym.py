"""The library reasoning-gym, asked in the sandbox: to make problems, and to score answers.

In the sandbox, since some of its checkers evaluate the answers that they are given; and since some
of its tasks make other problems with another seed of Python's hashes, which is fixed there.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from ttc.core import Executed, Limits, Program
from ttc.errors import DataError, MissingExtra

_START_S = 60.0  # importing the library, on a busy machine
_MEMORY_BYTES = 4 << 30  # address space, of which little is used
_OUTPUT_BYTES = 256 << 20


def asked_gym(order: Mapping[str, Any], limit_s: float) -> Any:
    """What `gymscorer.py` says to an order. limit_s: for all of it, beyond importing the library.

    Raises `MissingExtra`, `SandboxError` where there is no sandbox, `DataError` where the library
    fails.
    """
    if find_spec("reasoning_gym") is None:
        raise MissingExtra("reasoning-gym", "reasoning-gym")
    from ttc.sandbox import execute

    mark = secrets.token_hex(16)
    longest = _START_S + limit_s
    limits = Limits(
        wall_s=longest, cpu_s=longest, memory_bytes=_MEMORY_BYTES, output_bytes=_OUTPUT_BYTES
    )
    program = Program(_script(), stdin=json.dumps({**order, "mark": mark}), limits=limits)
    with ThreadPoolExecutor(1) as thread:  # the caller's may have a loop that runs
        done = thread.submit(lambda: asyncio.run(execute(program))).result()
    return _report(done, mark, str(order["task"]))


def _report(done: Executed, mark: str, task: str) -> Any:
    try:
        said, found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, TypeError, IndexError):
        said, found = None, None
    if said != mark:
        last = done.stderr.strip().splitlines()[-1:] or ["no report"]
        raise DataError(f"reasoning-gym, {task}: it can't be run ({done.ended}): {last[0]:.200}")
    return found


@cache
def _script() -> str:
    return (files("ttc.answers") / "gymscorer.py").read_text(encoding="utf-8")
