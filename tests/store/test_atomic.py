"""Whatever is written under results is the old file or the new one, at any moment."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ttc
from ttc.errors import DataError
from ttc.store.atomic import remove_leftovers, small_path, write_text

KILLED = """
import os, pathlib, sys
from ttc.store import atomic
real = os.{name}
def die(*args):
    os.kill(os.getpid(), 9)
atomic.os.{name} = die
atomic.write_text(pathlib.Path(sys.argv[1]), "new")
"""


@pytest.mark.parametrize("name", ["fsync", "replace"])
def test_a_kill_leaves_the_old_file(tmp_path, name):
    path = tmp_path / "fit.json"
    path.write_text("old")
    code = KILLED.format(name=name)
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_text() == "old"
    assert remove_leftovers(tmp_path, ["other.json"]) == 0
    write_text(path, "new")  # of a moment ago: it may be a living writer's
    (left,) = tmp_path.glob(".*.part")
    os.utime(left, (time.time() - 7200,) * 2)
    write_text(path, "newer")
    assert [p.name for p in tmp_path.iterdir()] == ["fit.json"]
    assert path.read_text() == "newer"


def test_links_stay_links_and_pipes_are_written_to(tmp_path):
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    write_text(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text() == "new"
    write_text(Path("/dev/null"), "nothing")
    assert not Path("/dev/null").is_file()


def test_a_folder_that_can_t_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't write"), small_path(tmp_path / "file" / "x.json"):
        pass


WRITERS = {"write_text", "write_bytes", "savefig", "to_parquet", "to_csv"}
ALLOWED = {
    "store/atomic.py",  # the one way
    "store/status.py",  # renames by itself, without a flush
    "nano/catalogue.py",  # training writes into the package
    "store/columns.py",  # makes docs
}


def test_nothing_is_written_past_the_one_way():
    root = Path(ttc.__file__).parent
    for file in root.rglob("*.py"):
        name = file.relative_to(root).as_posix()
        if name in ALLOWED or name.startswith("nano/training"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in WRITERS and node.args:
                to = called.value if called.attr.startswith("write_") else node.args[0]
                # A buffer is memory, and no file.
                assert ast.unparse(to) in ("temporary", "buffer"), f"{name}:{node.lineno}"
