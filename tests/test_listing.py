"""What is in a folder that another process changes."""

from __future__ import annotations

import os

from ttc.listing import all_below


def planted(folder):
    (folder / "b" / "c").mkdir(parents=True)
    (folder / "a-link").symlink_to(folder / "b")
    for name in ("b/c/file", "b/.hidden", "a.txt", "B"):
        (folder / name).write_text("")
    return folder


def test_all_is_what_pathlib_finds(tmp_path):
    planted(tmp_path)
    assert all_below(tmp_path) == sorted(tmp_path.rglob("*"))
    assert all_below(tmp_path / "B") == all_below(tmp_path / "none") == []


def test_a_folder_that_goes_while_it_is_looked_through(tmp_path, monkeypatch):
    scandir = os.scandir

    def going(path):
        found = list(scandir(path))
        if os.fspath(path) == str(tmp_path / "b"):
            (tmp_path / "b" / "c" / "file").unlink()
            (tmp_path / "b" / "c").rmdir()
        return Entries(found)

    monkeypatch.setattr(os, "scandir", going)
    planted(tmp_path)
    assert [p.name for p in all_below(tmp_path)] == ["B", "a-link", "a.txt", "b", ".hidden", "c"]


class Entries:
    """As `os.scandir` returns them."""

    def __init__(self, found):
        self._found = iter(found)

    def __next__(self):
        return next(self._found)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass
