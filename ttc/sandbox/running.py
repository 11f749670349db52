"""Runs a program under a supervisor, and reads its report."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from typing import Any

from ttc.core import Executed, Isolation, Program
from ttc.sandbox import levels
from ttc.sandbox.errors import SandboxError

_SCRIPT = levels.CHILD / "supervise.py"
_ENVIRONMENT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")
_CLOSE_S = 30.0  # for a supervisor to kill all and leave, once nobody wants its report


async def contained(program: Program, isolation: Isolation) -> Executed:
    """Run a program at this very level of isolation.

    Raises `NoIsolation` where the level lacks something here, `SandboxError` where setting it up
    failed; the program has not run then. A cancelled call kills the program first.
    """
    report = await _report(levels.request(program, isolation))
    _check_started(report, isolation)
    return _executed(report, program)


async def _report(request: dict[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-E", "-s", "-S", "-B", str(_SCRIPT)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # Ctrl-C in the terminal is ttc's to handle
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
        # Our own process and its own limits: what it says is bounded by those of the output.
        said, trouble = await asyncio.gather(process.stdout.read(), process.stderr.read())
        await process.wait()
    finally:
        process.stdin.close()
        if process.returncode is None:
            await asyncio.shield(_left(process))
    try:
        return dict(json.loads(said))
    except ValueError:
        text = trouble.decode(errors="replace").strip().splitlines()
        last = text[-1] if text else f"it ended with {process.returncode}"
        raise SandboxError(f"the sandbox's supervisor failed: {last}") from None


async def _left(process: asyncio.subprocess.Process) -> None:
    """Its standard input is closed, so it kills all and leaves; wait for that."""
    try:
        await asyncio.wait_for(process.wait(), _CLOSE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _check_started(report: dict[str, Any], isolation: Isolation) -> None:
    reason = report.get("error", "")
    if not reason and report["status"] != "ok":
        reason = report["status"].removeprefix("ok") or report["stderr"].strip()[-500:]
        reason = reason or ("it does not start" if report["ended"] else f"code {report['code']}")
    if isolation == "bubblewrap" and "namespace" in reason and "error" not in report:
        reason += (
            ". Something forbids namespaces: the rules of a container, or a setting such as "
            "kernel.apparmor_restrict_unprivileged_userns or user.max_user_namespaces"
        )
    if reason:
        raise SandboxError(f"the isolation {isolation!r} can't be set up here: {reason}")
    if not report["gone"]:
        raise SandboxError("some process of a program could not be killed; is it stuck in I/O?")


def _executed(report: dict[str, Any], program: Program) -> Executed:
    code, ended = report["code"], report["ended"]
    number = -code if code < 0 else code - 128 if code > 128 else None
    if not ended:
        ended = "exit" if number is None else "cpu" if number == signal.SIGXCPU else "signal"
    return Executed(
        ended=ended,
        exit_code=code if ended == "exit" else None,
        signal=number if ended == "signal" else None,
        stdout=report["stdout"],
        stderr=report["stderr"],
        seconds=report["seconds"],
        cpu_s=report["cpu_s"],
    )
