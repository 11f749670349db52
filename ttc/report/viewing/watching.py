"""What there is of a run, looked at again and again, as versions of its page."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from ttc.errors import TtcError
from ttc.pipeline.naming import names_of
from ttc.report.html.build import RunPart, frame, head, run_part
from ttc.report.html.chunks import Chunks
from ttc.report.html.content import facts, index, nothing_yet
from ttc.report.html.pack import as_json, shown_line
from ttc.report.status import status_line
from ttc.store.columns import RUN_TABLES, TableName
from ttc.store.live import live_size, read_live
from ttc.store.read_status import look
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table

_EVERY_S = 1.0
_REST = 4.0
"""Times as long as it took to build a version, until the next one of a run that goes on."""


@dataclass(frozen=True)
class Version:
    """A page's data at some time. problems: `[facts, texts]` of each as JSON."""

    revision: int
    head: str
    problems: list[str]


class Watcher:
    """Builds versions of a run's page in a thread of its own; `now` is the latest."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._key: object = None
        self._due = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ttc-view", daemon=True)
        self.now = Version(0, as_json(_empty(run)), [])

    def start(self) -> None:
        """Build the first version, then go on by oneself. Raises `DataError` for no run."""
        try:
            self._look()
        except (TtcError, OSError):  # it ended just then, or there is no run any more
            self._look()
        self._thread.start()

    def stop(self) -> None:
        """Build no more."""
        self._end.set()

    def said(self) -> str:
        """How far the run is, in a line."""
        try:
            status, alive = look(self._run)
        except TtcError as error:
            return shown_line(str(error), 300)
        return shown_line(status_line(status) if alive else status.state, 300)

    def _work(self) -> None:
        while not self._end.is_set():
            began = time.monotonic()
            with suppress(TtcError, OSError):  # tables change under us; the next look may do
                if self._due:
                    self._due = False
                    self._publish(run_part(self._run))
                if self._look() and not self._due:
                    self._end.wait(_REST * (time.monotonic() - began))
            self._end.wait(_EVERY_S)

    def _look(self) -> bool:
        """Publish what is new; whether anything was. What takes long is due once the run ended."""
        _, alive = look(self._run)
        key = _key(self._run), alive
        if key == self._key:
            return False
        if self._run.has_tables():
            self._publish(run_part(self._run, deep=False))
            self._due = not alive
        elif live_size(self._run):
            with _as_tables(self._run) as copy:
                self._publish(run_part(copy, deep=False))
        self._key = key
        return True

    def _publish(self, part: RunPart) -> None:
        revision = self.now.revision + 1
        problems = [f"[{one.facts},{as_json(one.within(1.0))}]" for one in part.kept]
        data = head([part], [_unpacked(part)]) | {"revision": revision}
        self.now = Version(revision, as_json(data), problems)


def _key(run: RunFolder) -> object:
    """What changes whenever there is more to see."""
    found: list[tuple[str, int, int]] = []
    for name in RUN_TABLES:
        with suppress(OSError):
            stat = run.table(name).stat()
            found.append((name, stat.st_mtime_ns, stat.st_size))
    return tuple(found), live_size(run)


@contextmanager
def _as_tables(run: RunFolder) -> Iterator[RunFolder]:
    """The rows of the problems that are done, as a run folder elsewhere, for as long as the block
    lasts: whatever is computed of a run is then computed of these.
    """
    with tempfile.TemporaryDirectory(prefix="ttc-view-") as folder:
        copy = RunFolder(Path(folder) / run.recipe_name / run.run_id)
        copy.path.mkdir(parents=True)
        shutil.copyfile(run.manifest_path, copy.manifest_path)
        rows = read_live(run)
        for name in get_args(TableName):
            if name in rows:
                write_table(copy.table(cast(TableName, name)), name, rows[name])
        yield copy


def _unpacked(part: RunPart) -> Chunks:
    """Of a page that asks for one problem at a time."""
    texts = sum(len(one.texts) for one in part.kept)
    return Chunks([], [(0, i) for i in range(len(part.kept))], texts, 0)


def _empty(run: RunFolder) -> dict[str, Any]:
    """What a page shows before the first problem is done."""
    manifest = run.manifest()
    name = shown_line(names_of([run]).names[0], 80)
    one = {"label": name, **facts(run, manifest), **nothing_yet(), "index": index([]), "place": []}
    return {**frame([one]), "revision": 0}
