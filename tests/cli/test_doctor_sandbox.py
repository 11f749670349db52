"""`ttc doctor sandbox` as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys

import pytest
from processes import ttc

from ttc.sandbox import NoIsolation
from ttc.sandbox.choosing import settled


@pytest.fixture
def default() -> str:
    """The level that this machine has."""
    try:
        return asyncio.run(settled())
    except NoIsolation as error:
        pytest.skip(str(error))


def doctor(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = ttc(".", "doctor", *words, **env)
    assert "Traceback" not in done.stderr
    return done


def test_what_it_says(default):
    done = doctor("sandbox")
    assert done.returncode == 0, done.stderr
    for word in ("bubblewrap", "user namespaces", "Landlock", "seccomp", "limits only"):
        assert word in done.stdout
    assert f"Programs of models run at the level {default}" in done.stdout
    assert "lets through: network" in done.stdout


def test_for_programs(default):
    said = json.loads(doctor("sandbox", "--json").stdout)
    assert said["default"] == default
    assert [one["level"] for one in said["levels"]] == ["bubblewrap", "landlock", "process"]


def test_exit_code_1_where_nothing_isolates():
    """As on a machine with an old kernel and no bubblewrap."""
    source = (
        "import sys; from ttc.sandbox.child import kernel; kernel.landlock_abi = lambda: 0\n"
        "sys.argv = ['ttc', 'doctor', 'sandbox']; from ttc.cli import main; main()"
    )
    env = {**os.environ, "PATH": os.path.dirname(sys.executable), "COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=env)
    assert done.returncode == 1, done.stderr
    assert "No level shuts a program in" in done.stdout
    assert "install the package bubblewrap" in done.stdout


def test_a_wrong_command_line():
    done = doctor("sandbox", "--model", "m")
    assert done.returncode == 2
    assert "only --json" in done.stderr
    assert "sandbox" in doctor("--help").stdout
