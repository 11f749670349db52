"""What is in folders that other processes write to meanwhile."""

from __future__ import annotations

import glob
import os
from pathlib import Path


def found_below(folder: Path, pattern: str) -> list[Path]:
    """The paths below a folder that fit a pattern, without hidden ones, in no order.

    What goes away meanwhile is left out; `Path.glob` raises there in Python 3.11.
    """
    return [folder / name for name in glob.glob(pattern, root_dir=folder)]


def all_below(folder: Path) -> list[Path]:
    """All files and folders below a folder, hidden ones too, sorted. Links are not followed.

    What goes away meanwhile may be there or not; `Path.rglob` raises there in Python 3.11.
    """
    found = os.walk(folder)
    return sorted(Path(at, name) for at, folders, files in found for name in (*folders, *files))
