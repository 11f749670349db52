"""Real pools, in the folder that TTC_POOLS names: `make test-pools`. Without it all are skipped."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Rows = list[dict[str, Any]]
FIGURES: list[tuple[str, str, str]] = []


@pytest.fixture(scope="session")
def pool() -> Callable[[str], Rows]:
    """pool(name): the rows of a file."""
    folder = os.environ.get("TTC_POOLS", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip(f"no folder of pools: TTC_POOLS is {folder!r}")

    def rows(name: str) -> Rows:
        path = Path(folder, f"{name}.jsonl.gz")
        if not path.is_file():
            pytest.skip(f"{path} is not there")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    return rows


@pytest.fixture
def told() -> Callable[[str, str, str], None]:
    """told(what, wanted, measured): a line of the table at the end."""

    def told(what: str, wanted: str, measured: str) -> None:
        FIGURES.append((what, wanted, measured))

    return told


def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None] | None:
    if FIGURES:
        rows = [("what", "published, or wanted", "measured"), *FIGURES]
        wide = [max(len(row[i]) for row in rows) for i in range(3)]
        terminalreporter.write_line("")
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, wide, strict=True)]
            terminalreporter.write_line("  ".join(cells).rstrip())
    return None
