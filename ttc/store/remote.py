"""Runs and pools behind URLs, by fsspec: fetched to a folder of this machine, and put there whole.

What computes works on files of this machine; a URL stands for a run only at the edges. A run that
was fetched stays in a cache (`TTC_CACHE`, else the user's) and is fetched again where its manifest
has changed; what it was before goes after some days. A run's manifest is put last, so whoever finds
one finds the tables that it names. Journals are databases of one host's disk and never go to a URL.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ttc.errors import DataError, MissingExtra, TtcError, UsageError
from ttc.redact import passwords, redact, remember
from ttc.store.columns import RUN_TABLES
from ttc.store.manifest import Manifest, read_manifest
from ttc.store.overwriting import new_file
from ttc.store.run_folder import MANIFEST_NAME, RunFolder, is_url

_MOST_RUNS = 200
_KEPT_S = 3 * 24 * 3600.0
_LARGEST_MANIFEST = 2**26
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def fetched_run(url: str) -> RunFolder:
    """The run behind a URL, or the latest of those in a folder there, on this machine.

    Raises `DataError` where there is none or it can't be had, is damaged or changes meanwhile,
    `UsageError` for what is no URL, and `MissingExtra`.
    """
    with _place(url) as (files, root):
        place = _run_at(files, root, url)
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / MANIFEST_NAME
            manifest = _manifest(files, f"{place}/{MANIFEST_NAME}", path)
            names = (_safe(manifest.recipe_name), _safe(manifest.run_id))
            mark = hashlib.sha256(f"{files.protocol}\n{place}".encode()).hexdigest()[:16]
            # Each state of a run has a folder, so that nobody's is replaced while it is read.
            state = _cache() / mark / hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            run = RunFolder(state / names[0] / names[1])
            if not run.exists():
                _fetch(files, place, manifest, run, path)
            os.utime(state)
            _forget_others(state)
            return run


def push_run(run: RunFolder, url: str) -> str:
    """Put a run's tables and manifest to `url/<recipe>/<run id>`, and return that.

    One that is there is replaced. Raises `TtcError` where it can't be written; the same call does
    all of it again.
    """
    with _place(url, writing=True) as (files, root):
        place = f"{root}/{run.recipe_name}/{run.run_id}"
        files.makedirs(place, exist_ok=True)
        manifest = f"{place}/{MANIFEST_NAME}"
        if files.exists(manifest):
            files.rm_file(manifest)  # a reader shall not find it beside tables of another try
        for name in RUN_TABLES:
            there = f"{place}/{name}.parquet"
            if run.table(name).is_file():
                files.put_file(str(run.table(name)), there)
            elif files.exists(there):
                files.rm_file(there)
        files.put_file(str(run.manifest_path), manifest)
    return f"{url.rstrip('/')}/{run.recipe_name}/{run.run_id}"


def require_writable(url: str) -> None:
    """Raise `TtcError` where there will be no writing to a URL, as far as can be told before."""
    with _place(url, writing=True) as (files, root):
        files.makedirs(root, exist_ok=True)
        probe = f"{root}/.ttc-{os.getpid()}"
        files.pipe_file(probe, b"can be written\n")
        files.rm_file(probe)


@contextmanager
def fetched_file(url: str, most: int) -> Iterator[Path]:
    """The file behind a URL, of `most` bytes at most, for the block. Raises as `fetched_run`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fetched"
        with _place(url) as (files, place):
            size = files.info(place).get("size")
            if size is not None and size > most:
                raise DataError(f"{url} has {size:,} bytes; {most:,} at most (--max-gib)")
            _copy(files, place, path, most)
        yield path


@contextmanager
def written_to(target: str, *, replace: bool) -> Iterator[Path]:
    """Where the block is to write a file that is for a path or a URL, which gets it in the end.

    Raises `UsageError` for one that is there, unless it may be replaced, before the block.
    """
    if not is_url(target):
        yield new_file(Path(target), replace)
        return
    with _place(target, writing=True) as (files, place):
        if not replace and files.exists(place):
            raise UsageError(f"{target} exists; choose another name, or --force to write over it")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        yield path
        with _place(target, writing=True) as (files, place):
            with suppress(NotImplementedError):
                files.makedirs(place.rpartition("/")[0], exist_ok=True)
            files.put_file(str(path), place)


@contextmanager
def _place(url: str, *, writing: bool = False) -> Iterator[tuple[Any, str]]:
    """A file system and a path in it; errors in the block become ours."""
    remember(passwords(url))
    _require_safe(url)
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise MissingExtra(f"reading {urlsplit(url).scheme}://", "fsspec") from None
    try:
        files, path = url_to_fs(url)
        yield files, path.rstrip("/")
    except TtcError:
        raise
    except Exception as error:  # each library behind fsspec has errors of its own
        said = " ".join(str(error).split())[:300]
        verb = "write to" if writing else "read"
        raise DataError(redact(f"can't {verb} {url}: {type(error).__name__}: {said}")) from None


def _require_safe(url: str) -> None:
    for part in url.split("::"):
        scheme, _, rest = part.partition("://")
        host = urlsplit(f"//{rest}").hostname if rest else None
        if scheme == "http" and host not in _LOOPBACK:
            raise UsageError(f"{url}: expected https://, or http:// to this machine itself")


def _run_at(files: Any, root: str, url: str) -> str:
    if root.endswith(f"/{MANIFEST_NAME}"):
        root = root.removesuffix(f"/{MANIFEST_NAME}")
    if files.exists(f"{root}/{MANIFEST_NAME}"):
        return root
    found = [place for place in _below(files, root) if files.exists(f"{place}/{MANIFEST_NAME}")]
    if not found:
        found = [
            inner
            for place in _below(files, root)
            for inner in _below(files, place)
            if files.exists(f"{inner}/{MANIFEST_NAME}")
        ]
    if not found:
        raise DataError(f"{url} is no run: there is no {MANIFEST_NAME} there or two folders below")
    if len(found) > _MOST_RUNS:
        raise DataError(f"{url} has more than {_MOST_RUNS} runs: name one of them")
    with tempfile.TemporaryDirectory() as folder:
        started = {
            place: _manifest(files, f"{place}/{MANIFEST_NAME}", Path(folder) / f"{i}.json").started
            for i, place in enumerate(found)
        }
    return max(found, key=lambda place: started[place])


def _below(files: Any, place: str) -> list[str]:
    """Folders in a folder; of a web server, what its page of the folder links to."""
    with suppress(FileNotFoundError, NotADirectoryError):
        entries = files.ls(place, detail=True)
        inside = [one for one in entries if one["type"] == "directory" or one["name"][-1] == "/"]
        names = [str(one["name"]).rstrip("/") for one in inside]
        return [one for one in names if one.startswith(place) and one != place][: _MOST_RUNS + 1]
    return []


def _manifest(files: Any, there: str, path: Path) -> Manifest:
    _copy(files, there, path, _LARGEST_MANIFEST)
    try:
        return read_manifest(path)
    except DataError as error:
        raise DataError(str(error).replace(str(path), there)) from None


def _fetch(files: Any, place: str, manifest: Manifest, run: RunFolder, own: Path) -> None:
    """Fetch a run's tables beside their final place, check them, and put them there."""
    run.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run.path.parent, prefix=".new-") as temporary:
        stage = RunFolder(Path(temporary) / run.run_id)
        stage.path.mkdir()
        named = [name for name in RUN_TABLES if not manifest.tables or name in manifest.tables]
        for name in named:
            there = f"{place}/{name}.parquet"
            if manifest.tables or files.exists(there):
                files.get_file(there, str(stage.table(name)))
        if manifest.tables and stage.digests() != {n: manifest.tables[n] for n in named}:
            raise DataError(f"{place}: a table is not what the manifest says: it is being written, "
                            "or damaged")  # fmt: skip
        shutil.copyfile(own, stage.manifest_path)
        try:
            os.replace(stage.path, run.path)
        except OSError:
            if not run.exists():  # or another process has fetched it meanwhile
                raise


def _forget_others(state: Path) -> None:
    """Remove what the run was before, unless it was asked for in the last days."""
    for other in state.parent.iterdir():
        with suppress(OSError):
            if other != state and time.time() - other.stat().st_mtime > _KEPT_S:
                shutil.rmtree(other, ignore_errors=True)


def _copy(files: Any, there: str, path: Path, most: int) -> None:
    """Copy a file, which may say nothing of its size or something wrong."""
    came = 0
    with files.open(there, "rb") as source, path.open("wb") as target:
        while block := source.read(2**20):
            came += len(block)
            if came > most:
                raise DataError(f"{there} has more than {most:,} bytes")
            target.write(block)


def _safe(name: str) -> str:
    from ttc.store.pool_pack import safe_name

    return safe_name(name)


def _cache() -> Path:
    told = os.environ.get("TTC_CACHE")
    if told:
        return Path(told) / "runs"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ttc" / "runs"
