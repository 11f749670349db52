"""The level that is used: the strongest that holds, and never a weaker one than was asked for."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import venv

import pytest

from ttc.core import Program
from ttc.sandbox import NoIsolation, SandboxError, execute, selftest
from ttc.sandbox.child import kernel
from ttc.sandbox.choosing import settled
from ttc.sandbox.selftest import Tried, tried

HELLO = Program("print('hello')")


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    monkeypatch.setattr(selftest, "_known", {})


@pytest.fixture
def without_bubblewrap(monkeypatch):
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, *a: None if name == "bwrap" else found(name))


@pytest.fixture
def without_landlock(monkeypatch):
    monkeypatch.setattr(kernel, "landlock_abi", lambda: 4)


def test_the_default_is_the_strongest(level):
    chosen = asyncio.run(settled())
    assert chosen == ("bubblewrap" if shutil.which("bwrap") else "landlock")
    assert asyncio.run(execute(HELLO)).stdout == "hello\n"


def test_landlock_where_there_is_no_bubblewrap(without_bubblewrap, level):
    if level != "landlock":
        pytest.skip("asked once, with Landlock there")
    assert asyncio.run(settled()) == "landlock"


def test_refused_where_there_is_neither(without_bubblewrap, without_landlock):
    with pytest.raises(NoIsolation) as told:
        asyncio.run(execute(HELLO))
    for word in ("install the package bubblewrap", "Linux 6.12", "ttc doctor sandbox", "'process'"):
        assert word in str(told.value)


def test_what_was_asked_for_is_refused_not_weakened(without_bubblewrap, without_landlock):
    with pytest.raises(NoIsolation, match="install the package bubblewrap"):
        asyncio.run(execute(HELLO, "bubblewrap"))
    with pytest.raises(NoIsolation, match="version 4"):
        asyncio.run(execute(HELLO, "landlock"))
    with pytest.raises(NoIsolation, match="there are bubblewrap, landlock, process"):
        asyncio.run(execute(HELLO, "docker"))


def test_a_level_that_lets_something_through_is_not_used(monkeypatch):
    known = {"bubblewrap": Tried(("network",), 0.1), "landlock": Tried(("reading_home",), 0.1)}
    monkeypatch.setattr(selftest, "_known", known)
    with pytest.raises(NoIsolation, match="does not hold here: it let reading home through"):
        asyncio.run(settled())
    with pytest.raises(NoIsolation, match="network"):
        asyncio.run(settled("bubblewrap"))


def test_a_tool_that_fails_is_told_with_its_words(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name, *a: str(broken))
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        asyncio.run(execute(HELLO, "bubblewrap"))


def test_the_self_test_sees_what_a_weak_level_lets_through():
    """Which also shows that its attempts work, and so that refusals mean something."""
    through = asyncio.run(tried("process")).through
    assert {"network", "seeing_processes"} <= set(through)
    assert "environment" not in through
    assert asyncio.run(execute(HELLO, "process")).stdout == "hello\n", "by name it is used"


def test_where_python_itself_lies_under_tmp(level):
    """As in a project that was cloned there; a program still has a folder of its own."""
    folder = tempfile.mkdtemp(dir="/tmp")
    try:
        venv.create(folder, with_pip=False, symlinks=True)
        source = "import tempfile; open(tempfile.mktemp(), 'w').write('x'); print('wrote')"
        code = (
            "import asyncio; from ttc.core import Program; from ttc.sandbox import execute\n"
            f"print(asyncio.run(execute(Program({source!r}), {level!r})))"
        )
        done = subprocess.run(
            [f"{folder}/bin/python", "-c", code],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "wrote" in done.stdout, done.stderr
    finally:
        shutil.rmtree(folder)
