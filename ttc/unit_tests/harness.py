"""Runs unit tests in the sandbox, and reports on them out of the tested program's reach.

Its text is the program that the sandbox runs. The program under test lives in another process
(`subject.py`) and gives values only. What values of calls are to be never comes here: they are
reported and compared by ttc. Tests that are pieces of Python come by standard input and stay in
this process, into which Landlock keeps the other from looking; without Landlock they are not run.
So a program that leaves by `os._exit(0)`, prints what a report looks like, or patches what asserts
are made of, passes nothing.

Also for tests of a text: functions `test_*` that are called with a solution's text.
"""

import builtins
import json
import os
import select
import subprocess
import sys
import time
from types import CodeType
from typing import Any

from ttc.unit_tests.subject import decoded, encoded

LONGEST_REPLY = 1 << 24
SUBJECT = os.path.abspath("subject.py")


class Late(BaseException):
    """The program did not reply in time, or is gone."""


class NotApart(BaseException):
    """The kernel can't keep the program from looking into the harness."""


class Subject:
    """The program under test. names: what tests may ask of it."""

    def __init__(self, program: str, names: list[str], limit_s: float) -> None:
        self.program, self.names, self.limit_s = program, names, limit_s
        self.process: subprocess.Popen[bytes] | None = None
        self.deadline = 0.0
        self.functions: list[str] = []
        self.values: dict[str, Any] = {}
        self.fault = ""

    def start(self, scripts: bool) -> None:
        """Raises `Late`. Where the program can't be loaded, `fault` says why.

        scripts: whether there are tests that it must not see; raises `NotApart` where it could.
        """
        theirs, self.write = os.pipe()
        self.read, their_write = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", SUBJECT, str(theirs), str(their_write)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs, their_write),
        )
        os.close(theirs)
        os.close(their_write)
        self.rest = b""
        self.deadline = time.monotonic() + self.limit_s + 2  # an interpreter starts, too
        if scripts and not self.ask({"hello": True}).get("shut_off"):
            self.stop()
            raise NotApart
        reply = self.ask({"program": self.program, "names": self.names})
        self.fault = _told(reply) if "raised" in reply else ""
        self.functions = [str(one) for one in reply.get("functions", ())]
        self.values = {k: decoded(v) for k, v in reply.get("values", {}).items()}

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        if self.process is None:
            raise Late("the program is gone")
        try:
            _write_all(self.write, json.dumps(order).encode() + b"\n")
            reply = json.loads(self._line())
            if isinstance(reply, dict):
                return reply
            raise ValueError
        except (OSError, ValueError, RecursionError):
            self.stop()
            raise Late("the program ended, or gave what can't be read") from None

    def _line(self) -> bytes:
        while b"\n" not in self.rest:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.read], [], [], left)[0]:
                self.stop()
                raise Late(f"no result within {self.limit_s:g} s")
            more = os.read(self.read, 1 << 16)
            if not more or len(self.rest) > LONGEST_REPLY:
                raise OSError
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            os.close(self.write)
            os.close(self.read)
            self.process = None

    def function(self, name: str) -> Any:
        """What tests call in its place."""

        def call(*args: Any, **kwargs: Any) -> Any:
            given = [encoded(one) for one in args]
            named = {key: encoded(one) for key, one in kwargs.items()}
            reply = self.ask({"call": name, "args": given, "kwargs": named})
            if "raised" in reply:
                raise _error(reply)
            for mine, after in zip(args, reply.get("args", ()), strict=False):
                _changed(mine, decoded(after))
            return decoded(reply.get("value"))

        call.__name__ = name
        return call


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _changed(mine: Any, after: Any) -> None:
    """What the program did to a list or a dictionary that it was given."""
    if type(mine) is type(after) is list and mine != after:
        mine[:] = after
    elif type(mine) is type(after) is dict and mine != after:
        mine.clear()
        mine.update(after)


def _error(reply: dict[str, Any]) -> Exception:
    for name in reply["raised"]:
        kind = getattr(builtins, str(name), None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(_told(reply))
            except TypeError:
                continue
    return RuntimeError(_told(reply))


def _told(reply: dict[str, Any]) -> str:
    return f"{reply['raised'][0]}: {reply.get('message', '')}"


def run_pair(subject: Subject, test: dict[str, Any]) -> dict[str, Any]:
    """What a call gives."""
    if test["call"] not in subject.functions:
        return {"fault": f"it has no function {test['call']}"}
    return {"value": encoded(subject.function(test["call"])(*map(decoded, test["args"])))}


def names_of(code: CodeType) -> set[str]:
    """All names in a piece of code."""
    found = set(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= names_of(inner)
    return found


def wanted_names(tests: list[dict[str, Any]]) -> list[str]:
    """What tests may ask of the program: names that are not Python's own."""
    found = {test["call"] for test in tests if "call" in test}
    for test in tests:
        if "source" in test:
            try:
                found |= names_of(compile(test["source"], "<test>", "exec"))
            except (SyntaxError, ValueError, RecursionError):
                continue
    return sorted(name for name in found if not hasattr(builtins, name))


def run_source(subject: Subject, source: str) -> dict[str, Any]:
    """Whether a piece of Python ends without an exception."""
    space: dict[str, Any] = {"__name__": "tests", **subject.values}
    space |= {name: subject.function(name) for name in subject.functions}
    exec(compile(source, "<test>", "exec"), space)
    return {"fault": ""}


def run_tests(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each test why it fails, nothing where it passes, or what the call gave."""
    tests = order["tests"]
    subject = Subject(order["program"], wanted_names(tests), order["limit_s"])
    found: list[dict[str, Any]] = []
    for test in tests:
        if order["stop"] and any(one.get("fault") for one in found):
            found.append({"fault": "not run: one has failed"})
            continue
        try:
            if subject.process is None:
                subject.start(any("source" in one for one in tests))
            if subject.fault:
                found.append({"fault": subject.fault})
                continue
            subject.deadline = time.monotonic() + order["limit_s"]
            began = time.perf_counter()
            run = run_pair(subject, test) if "call" in test else run_source(subject, test["source"])
            found.append({**run, "seconds": time.perf_counter() - began})
        except NotApart:
            raise
        except BaseException as error:
            found.append({"fault": f"{type(error).__name__}: {error}"[:300]})
    subject.stop()
    return found


def run_texts(order: dict[str, Any]) -> list[list[str]]:
    """Of each text, why each function `test_*` of the script fails on it."""
    space: dict[str, Any] = {"__name__": "tests"}
    exec(compile(order["script"], "<tests>", "exec"), space)
    tests = [value for name, value in space.items() if name.startswith("test_")]
    found = []
    for text in order["texts"]:
        row = []
        for test in tests:
            try:
                test(text, order["question"])
                row.append("")
            except Exception as error:
                row.append(f"{test.__name__}: {type(error).__name__}: {error}"[:300])
        found.append(row)
    return found


def main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    # What a program leaves in the working folder is not to be imported by tests.
    here = os.path.dirname(SUBJECT)
    sys.path[:] = [one for one in sys.path if one and os.path.abspath(one) != here]
    try:
        found: Any = run_texts(order) if "script" in order else run_tests(order)
    except NotApart:
        found = "not apart"
    print(json.dumps([order["mark"], found]))


if __name__ == "__main__":
    main()
