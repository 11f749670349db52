"""Every test here ends with a machine as it was: no process, no folder, no byte of ours changed."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from containment import begin, gone, running

from ttc.core import Executed, Limits, Program
from ttc.sandbox import FULL, SandboxError, execute
from ttc.sandbox.choosing import settled

SECRET = "sk-planted-5c1e9a7b3d"
PEAK_KIB = 200 * 1024  # what a whole execution may add to this process's peak


def reason_against(level: str) -> str:
    """Why a level can't be had here; empty where it can."""
    try:
        asyncio.run(settled(level))
    except SandboxError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session", params=FULL)
def level(request: pytest.FixtureRequest) -> str:
    if reason := reason_against(request.param):
        pytest.skip(reason)
    return request.param


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A file of ours that every user of the machine could read and write."""
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps({"key": SECRET}) + "\n")
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(folder.stat().st_mode | 0o755)
    path.chmod(0o666)
    return path


@pytest.fixture
def run(level: str) -> Callable[..., Executed]:
    """run(source, stdin=..., files=..., wall_s=..., ...): limits are small unless given."""

    def run(
        source: str, stdin: str = "", files: dict[str, str] | None = None, **limits
    ) -> Executed:
        small = {"wall_s": 30.0, "cpu_s": 5.0, "memory_bytes": 256 << 20, "disk_bytes": 8 << 20}
        program = Program(source, stdin=stdin, files=files or {}, limits=Limits(**small | limits))
        return asyncio.run(execute(program, level))

    return run


@pytest.fixture(autouse=True)
def nothing_left(journal: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TTC_PLANTED", SECRET)
    boxes = journal.parent / "boxes"
    boxes.mkdir()
    monkeypatch.setenv("TMPDIR", str(boxes))
    seen = journal.read_bytes()
    begin()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert gone(set(running()), 5.0), "processes are left"
    assert not list(boxes.iterdir()), "folders are left"
    assert journal.read_bytes() == seen, "the journal was changed"
    assert journal.stat().st_nlink == 1, "the journal got another name"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < PEAK_KIB
