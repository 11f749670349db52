"""Packs a run as a pool."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttc.errors import DataError
from ttc.store.columns import RUN_TABLES
from ttc.store.manifest import Manifest, Model, hash_recipe
from ttc.store.plain import TEXTS
from ttc.store.pool_file import (
    POOL_NAME,
    TABLES_IN,
    TEXTS_IN,
    PackedFile,
    PooledModel,
    PoolManifest,
    Price,
)
from ttc.store.pool_texts import write_texts, write_without_texts
from ttc.store.run_folder import MANIFEST_NAME, RunFolder
from ttc.store.run_zip import RECIPE_NAME, recipe_text
from ttc.store.zips import Content, digest_of, write_zip
from ttc.words import counted

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_PLACE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|[/~\\]|[A-Za-z]:\\).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run does not know of itself. licence: a canonical SPDX expression."""

    licence: str
    name: str = ""
    citation: str = ""
    texts: bool = True


def pack_pool(run: RunFolder, path: Path, told: Told) -> PoolManifest:
    """Write a run as a pool, atomically, and return its manifest; equal runs give equal bytes.

    Raises `DataError` for a run without tables and where files can't be read or written.
    """
    if not run.has_tables():
        raise DataError(f"{run.name} has no tables yet; run its recipe again")
    manifest = run.manifest()
    texts = told.texts and _has_texts(manifest)
    with tempfile.TemporaryDirectory() as folder:
        members: dict[str, Content] = {
            MANIFEST_NAME: _manifest_text(manifest),
            RECIPE_NAME: recipe_text(run).encode(),
            **dict(_tables(run, Path(folder), texts)),
        }
        pool = PoolManifest(
            ttc_version=manifest.ttc_version,
            name=safe_name(told.name or manifest.recipe_name),
            run_id=safe_name(manifest.run_id),
            description=str(manifest.recipe.get("description", "")),
            licence=told.licence,
            citation=told.citation or _citation(manifest),
            dataset=manifest.dataset,
            models={role: _model(one) for role, one in manifest.models.items()},
            price=_price(manifest),
            texts=texts,
            files={name: _packed(name, content) for name, content in members.items()},
        )
        write_zip(path, {POOL_NAME: pool.text().encode(), **members})
    return pool


def _has_texts(manifest: Manifest) -> bool:
    """Whether a run has its texts; one that was added as a pool may lack them."""
    pool = manifest.source.get("pool")
    return not isinstance(pool, dict) or bool(pool.get("texts", True))


def safe_name(text: str) -> str:
    """A text as the name of a folder anywhere."""
    return _ODD.sub("_", text).strip("._-")[:100] or "pool"


def places_told(recipe: Mapping[str, Any]) -> list[str]:
    """Addresses and paths in a recipe, as `backend.base_url = http://...`.

    They go along with it, and perhaps should not.
    """
    return [f"{key} = {value}" for key, value in _texts(recipe, "") if _PLACE.fullmatch(value)]


def _texts(value: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _texts(inner, f"{at}.{i}")


def _tables(run: RunFolder, folder: Path, texts: bool) -> Iterator[tuple[str, Path]]:
    for name in RUN_TABLES:
        source = run.table(name)
        if not source.is_file():
            continue
        if name not in TEXTS:
            yield f"{TABLES_IN}/{name}.parquet", source
            continue
        small = folder / f"{name}.small.parquet"
        write_without_texts(source, small, name)
        yield f"{TABLES_IN}/{name}.parquet", small
        if texts:
            long = folder / f"{name}.texts.parquet"
            write_texts(source, long, name)
            yield f"{TEXTS_IN}/{name}.parquet", long


def _manifest_text(manifest: Manifest) -> bytes:
    """The run's manifest without the addresses of its servers."""
    plain = manifest.model_dump(mode="json")
    for one in plain["models"].values():
        one["endpoint"] = ""
    return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()


def _packed(name: str, content: Content) -> PackedFile:
    if isinstance(content, bytes):
        return PackedFile(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    table = Path(name).stem
    return PackedFile(
        sha256=digest_of(content),
        bytes=content.stat().st_size,
        rows=_rows(content) if table in RUN_TABLES else None,
    )


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path.absolute()).num_rows)


def _model(one: Model) -> PooledModel:
    return PooledModel(
        backend=one.backend,
        model=one.model,
        revision=one.revision,
        fingerprints=[hash_recipe(seen) for seen in one.fingerprints],
    )


def _price(manifest: Manifest) -> Price:
    roles = list(manifest.roles.values())

    def total(name: str) -> float:
        return sum(float(role.get(name) or 0) for role in roles)

    return Price(
        usd=total("usd") if any("usd" in role for role in roles) else None,
        flops=total("flops") if any("flops" in role for role in roles) else None,
        prompt_tokens=int(total("prompt_tokens")),
        completion_tokens=int(total("completion_tokens")),
        samples=int(total("samples")),
    )


def _citation(manifest: Manifest) -> str:
    models = ", ".join(dict.fromkeys(one.model for one in manifest.models.values()))
    year = f"{manifest.started.year}"
    by = f", sampled from {models}" if models else ""
    return f"{manifest.recipe_name} ({manifest.run_id}){by}, {year}. Made with ttc."


def described(pool: PoolManifest) -> list[str]:
    """What a pool is, in lines for people."""
    tables = {name: n for name, n in pool.rows.items() if name not in ("answers", "curves")}
    rows = ", ".join(counted(n, name.removesuffix("s")) for name, n in tables.items())
    price = pool.price
    usd = "price unknown" if price.usd is None else f"USD {price.usd:.2f}"
    texts = "" if pool.texts else ", without texts"
    lines = [
        f"{pool.name} ({pool.run_id}){texts}: {rows}",
        f"licence: {pool.licence}",
        f"cite as: {pool.citation}",
        f"cost: {usd}, {counted(price.prompt_tokens, 'prompt token')} and "
        f"{counted(price.completion_tokens, 'sampled token')} in "
        f"{counted(price.samples, 'sample')}",
    ]
    lines += [f"{pool.description}"] if pool.description else []
    for role, one in pool.models.items():
        known = f", revision {one.revision[:12]}" if one.revision else ""
        marks = ", ".join(mark[:12] for mark in one.fingerprints)
        lines.append(f"{role}: {one.model} ({one.backend}{known}{f'; {marks}' if marks else ''})")
    return lines
