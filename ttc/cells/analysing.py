"""Analysis on an engine: within `analysing`, joblib's work goes to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ttc.errors import UsageError

_ENGINES = ("local", "dask", "ray")


@contextmanager
def analysing(engine: str | None, jobs: int | None) -> Iterator[None]:
    """Evaluate policies on an engine within the block; here, in this process, where neither is
    given. engine: as `ttc.cells.engines.open_engine` takes it; jobs: processes, all where None.

    Raises `UsageError` and `MissingExtra`, and `TtcError` where the engine does not answer.
    """
    if engine is None and jobs is None:
        yield
        return
    word, _, address = (engine or "local").partition("://")
    if word not in _ENGINES:
        more = "; dask://slurm has Slurm's jobs as workers" if word == "slurm" else ""
        raise UsageError(
            f"--engine {engine}: no engine for analysis; there are {', '.join(_ENGINES)}{more}"
        )
    from joblib import parallel_config

    with ExitStack() as stack:
        if word == "dask":
            from ttc.cells.engines.dask_clusters import opening

            client = stack.enter_context(opening(address, jobs or 0)())
            client.wait_for_workers(1)
            stack.enter_context(parallel_config("dask", n_jobs=jobs or -1, client=client))
        elif word == "ray":
            from ttc.cells.engines.ray import connected, require_ray

            require_ray()
            from ray.util.joblib import register_ray

            register_ray()
            stack.enter_context(connected(address, jobs or 0))
            stack.enter_context(parallel_config("ray", n_jobs=jobs or -1))
        else:
            stack.enter_context(parallel_config("loky", n_jobs=jobs or -1))
        yield
