"""`ttc run` on a disk of its own that is too small, and again when somebody has made room.

    unshare --mount python on_a_small_disk.py FOLDER SIZE_KIB

FOLDER has `recipe.yaml`; results go to FOLDER/results, where a small tmpfs is mounted, which nobody
else sees and which ends with this process. stdout gets one line of JSON: of each try its exit code,
what it said, and the texts in the journal after it; and the tables in the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
from journals import journalled

RESULTS = Path("results")


def mount(*options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", "results"], check=True)


def attempt(name: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "ttc", "run", "recipe.yaml", "--plain"],
        env={**os.environ, "TRY": f"sk-{name}"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    texts = sorted(journalled(RESULTS, Path("copy")))
    return {"code": done.returncode, "said": done.stderr, "texts": texts, "files": names()}


def names() -> list[str]:
    return sorted(path.name for path in RESULTS.rglob("*") if path.is_file())


def tables() -> dict[str, str]:
    found = {}
    for path in sorted(RESULTS.rglob("*.parquet")):
        found[path.stem] = pd.read_parquet(path).drop(columns="seconds", errors="ignore").to_json()
    return found


def fill(leave: int) -> None:
    """Leave so many bytes free."""
    stat = os.statvfs(RESULTS)
    size = stat.f_bavail * stat.f_frsize - leave
    with (RESULTS / "filler").open("wb") as file:
        file.write(b"x" * max(0, size))


def small_then_large(size: str) -> dict:
    """A disk that is full in the midst of sampling."""
    mount(f"size={size}k")
    first = attempt("try-0000")
    mount("remount", "size=64m")
    return {"tries": [first, attempt("try-0001")], "tables": tables()}


def hardly_any_left(leave: str) -> dict:
    """A disk that is full when all has been sampled and the tables are to be written."""
    mount("size=64m")
    tries = [attempt("try-0000")]
    for path in (*RESULTS.rglob("*.parquet"), *RESULTS.rglob("manifest.json")):
        path.unlink()
    fill(1024 * int(leave))
    tries.append(attempt("try-0001"))
    (RESULTS / "filler").unlink()
    return {"tries": [*tries, attempt("try-0002")], "tables": tables()}


if __name__ == "__main__":
    folder, what, argument = sys.argv[1:]
    os.chdir(folder)
    RESULTS.mkdir()
    print(json.dumps({"small": small_then_large, "left": hardly_any_left}[what](argument)))
