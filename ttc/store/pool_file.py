"""A pool as one file: what it is, its tables without long texts, and the texts apart.

A zip file of `pool.json`, the run's manifest and recipe, `tables/` (whole tables, in which texts
are empty) and `texts/` (these texts, row by row), so that one may take the small part only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttc.errors import DataError
from ttc.store.columns import RUN_TABLES
from ttc.store.plain import TEXTS
from ttc.store.run_folder import MANIFEST_NAME
from ttc.store.run_zip import MEMBERS as RUN_MEMBERS
from ttc.store.zips import Archive

POOL_FORMAT = 1
POOL_NAME = "pool.json"
ENDING = ".pool.zip"
TABLES_IN, TEXTS_IN = "tables", "texts"
MEMBERS = (
    POOL_NAME,
    *RUN_MEMBERS,  # so that a run is told apart from a pool by what it lacks
    *(f"{TABLES_IN}/{name}.parquet" for name in RUN_TABLES),
    *(f"{TEXTS_IN}/{name}.parquet" for name in TEXTS),
)
"""What such a file may hold, and nothing else."""
MOST_MANIFEST = 16 * 2**20  # bytes
_KIND: Literal["ttc pool"] = "ttc pool"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class PackedFile(BaseModel):
    """A member: its SHA-256 (hex), its bytes and, of a table, its rows."""

    model_config = ConfigDict(extra="ignore")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    rows: int | None = Field(default=None, ge=0)


class PooledModel(BaseModel):
    """A model that made the pool: what it says it is, and how it answered fixed prompts.

    fingerprint: SHA-256 of logprobs of first tokens after fixed prompts, of a served model; several
    where it was not always the same one. The pool's `manifest.json` has the logprobs themselves.
    """

    model_config = ConfigDict(extra="ignore")
    backend: str
    model: str
    revision: str = ""
    fingerprints: list[str] = Field(default_factory=list)


class Price(BaseModel):
    """What the pool cost when it was made. tokens: prompts that count, and completions."""

    model_config = ConfigDict(extra="ignore")
    usd: float | None = None
    flops: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    samples: int = 0


class PoolManifest(BaseModel):
    """`pool.json`."""

    model_config = ConfigDict(extra="ignore")
    kind: Literal["ttc pool"] = _KIND
    format: int = POOL_FORMAT
    ttc_version: str = ""
    name: str = Field(pattern=_NAME)
    run_id: str = Field(pattern=_NAME)
    description: str = ""
    licence: str = Field(min_length=1)
    citation: str = ""
    dataset: str = ""
    models: dict[str, PooledModel] = Field(default_factory=dict)
    price: Price = Field(default_factory=Price)
    texts: bool = True
    files: dict[str, PackedFile]

    def text(self) -> str:
        """As JSON, the same for the same content."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table."""
        tables = {name: self.files.get(f"{TABLES_IN}/{name}.parquet") for name in RUN_TABLES}
        return {name: one.rows or 0 for name, one in tables.items() if one is not None}


def read_pool_manifest(archive: Archive) -> PoolManifest:
    """The `pool.json` of an archive, which has just the files that it lists.

    Raises `DataError` for what is no pool, is of a newer format, or has files beside the listed.
    """
    path = archive.path
    if POOL_NAME not in archive.sizes:
        more = f"; a run comes in by: ttc import {path.name}" if _is_run(archive) else ""
        raise DataError(f"{path} is no pool: it has no {POOL_NAME}{more}")
    content = _json(path, archive.read(POOL_NAME, MOST_MANIFEST))
    if content.get("kind") != _KIND:
        raise DataError(f"{path} is no pool of ttc")
    version = content.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DataError(f"{path}: {POOL_NAME}: format is {version!r:.40}")
    if version > POOL_FORMAT:
        raise DataError(
            f"{path} has format {version}, newer than this ttc reads ({POOL_FORMAT}); update ttc"
        )
    try:
        found = PoolManifest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataError(f"{path}: {POOL_NAME}: {where}: {first['msg'].lower()}") from None
    _same_files(archive, found)
    return found


def _is_run(archive: Archive) -> bool:
    return MANIFEST_NAME in archive.sizes


def _json(path: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: {POOL_NAME} is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}: {POOL_NAME} is no JSON object")
    return found


def _same_files(archive: Archive, found: PoolManifest) -> None:
    there = set(archive.sizes) - {POOL_NAME}
    for name in sorted(there ^ set(found.files)):
        what = f"is not in {POOL_NAME}" if name in there else "is missing"
        raise DataError(f"{archive.path}: {name[:120]} {what}")
    for name, one in found.files.items():
        if archive.sizes[name] != one.bytes:
            raise DataError(
                f"{archive.path}: {name} has {archive.sizes[name]:,} bytes, where {POOL_NAME} says "
                f"{one.bytes:,}: the file was changed or damaged"
            )
    needed = [MANIFEST_NAME, *(f"{TABLES_IN}/{name}.parquet" for name in ("problems", "solutions"))]
    for name in needed:
        if name not in found.files:
            raise DataError(f"{archive.path}: {name} is missing")
