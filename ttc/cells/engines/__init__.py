"""Engines: who starts cells, and where. One file each; importing one never needs another."""

from __future__ import annotations

import importlib
from typing import cast

from ttc.cells.engines.base import Engine
from ttc.errors import UsageError

_ENGINES = {
    "local": "processes of this machine",
    "dask": "workers of Dask: dask://host:port, dask:///scheduler.json, dask://slurm, dask://",
    "ray": "a cluster of Ray: ray://host:port, ray://",
    "slurm": "job arrays: slurm, slurm://partition=gpu,time=2:00:00",
}
"""By the word before `://`: the module of that name here, whose `open_engine` opens it."""


def open_engine(text: str = "local", jobs: int = 0) -> Engine:
    """The engine that a person means: `local`, or a word and an address, `word://address`.

    jobs: cells at a time, at most; 0 for what the engine has, of `local` one. Raises `UsageError`
    for words of no engine, and as the engine's own module does: for an address that is none, or a
    library that is not installed.
    """
    word, _, address = text.partition("://")
    if word not in _ENGINES:
        known = ", ".join(f"{name} ({what})" for name, what in _ENGINES.items())
        raise UsageError(f"--engine {text}: no such engine; there are {known}")
    module = importlib.import_module(f"{__name__}.{word}")
    return cast(Engine, module.open_engine(address, jobs))
