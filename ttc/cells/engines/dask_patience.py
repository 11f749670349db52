"""How long cells wait for a Dask cluster that has no worker: Dask itself would wait for ever."""

from __future__ import annotations

import logging
import time
from typing import Any

from ttc.errors import TtcError, UsageError

log = logging.getLogger(__name__)
_DEFAULT, _KEY, _VARIABLE = "10 minutes", "ttc.no-worker", "DASK_TTC__NO_WORKER"
_LOOK_S, _FIRST_TOLD_S, _TOLD_S = 0.5, 5.0, 60.0


class Patience:
    """A wait that is told, and that ends. address: of the engine, after `dask://`.

    Raises `UsageError` for a length in Dask's configuration that is none.
    """

    def __init__(self, address: str) -> None:
        self._engine = engine_name(address)
        self._seconds = _length()
        self._since, self._told_at = time.monotonic(), _FIRST_TOLD_S

    def look(self, client: Any, expected: str = "a worker", more: str = "") -> bool:
        """Whether a worker is there; waits half a second for one.

        expected, more: what is waited for, and what else is to be told of it. Raises `TtcError`
        where none has been there for too long.
        """
        if _comes(client):
            self._since, self._told_at = time.monotonic(), _FIRST_TOLD_S
            return True
        waited = time.monotonic() - self._since
        if waited >= self._seconds:
            raise TtcError(
                f"{self._engine}: no worker has been there for {self._seconds:g} s{more}. Their "
                f"logs or the queue's list tell why; {_VARIABLE}=1h ({_KEY} in Dask's "
                "configuration) waits longer"
            )
        if waited >= self._told_at:
            log.warning(
                "%s: waiting for %s, up to %g s%s", self._engine, expected, self._seconds, more
            )
            self._told_at = waited + _TOLD_S
        return False


def engine_name(address: str) -> str:
    """What a person typed to have it."""
    return f"--engine dask://{address}"


def _length() -> float:
    """Seconds."""
    import dask
    from dask.utils import parse_timedelta

    told = dask.config.get(_KEY, _DEFAULT)
    try:
        seconds = float(parse_timedelta(told))
    except (ValueError, TypeError, KeyError):
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"{_KEY} in Dask's configuration ({_VARIABLE}): {told!r} is no time: 1h")
    return seconds


def _comes(client: Any) -> bool:
    try:
        client.wait_for_workers(1, timeout=_LOOK_S)
    except TimeoutError:
        return False
    return True
