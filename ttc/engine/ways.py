"""The ways to the servers of a run: one endpoint for each server, one router for each backend."""

from __future__ import annotations

import asyncio

from ttc.core import Backend, RemoteBackend
from ttc.core.batches import BatchBackend
from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.gate import Gate
from ttc.engine.router import Router
from ttc.engine.settings import EngineSettings, without_haste


class Ways:
    """Of one run. gate: what all calls pass."""

    def __init__(self, gate: Gate, events: Events) -> None:
        self._gate = gate
        self._events = events
        self._endpoints: dict[str, Endpoint] = {}
        self.routers: list[Router] = []

    def to(self, backend: Backend, model: str, settings: EngineSettings) -> Router:
        """The way to a backend's servers, which it may share with other backends."""
        if isinstance(backend, BatchBackend):
            now = asyncio.get_running_loop().time()
            name = f"batches at {' '.join(backend.endpoints)}"
            calm = without_haste(settings)
            endpoints, check = [Endpoint(name, calm, now, remote=False, batches=True)], _nothing
        elif isinstance(backend, RemoteBackend):
            endpoints = [self.endpoint(name, settings) for name in backend.endpoints]
            check = backend.check
        else:
            now = asyncio.get_running_loop().time()
            endpoints, check = [Endpoint(model, settings, now, remote=False)], _nothing
        longest = settings.max_outage_s
        router = Router(endpoints, longest, self._events, check, self._gate)
        self.routers.append(router)
        return router

    def endpoint(self, name: str, settings: EngineSettings) -> Endpoint:
        """A server, of which there is one for all backends that name it."""
        if name not in self._endpoints:
            now = asyncio.get_running_loop().time()
            self._endpoints[name] = endpoint = Endpoint(name, settings, now)
            self._events.endpoints[name] = endpoint.state
        return self._endpoints[name]

    def rested(self, seconds: float) -> None:
        """No call was sent for so long, and now some are again."""
        for endpoint in self._all():
            endpoint.breaker.rested(seconds)
        for router in self.routers:
            router.wake()

    def change(self, settings: EngineSettings) -> None:
        """Go by other settings from now on."""
        now = asyncio.get_running_loop().time()
        for endpoint in self._all():
            endpoint.change(settings, now)
        for router in self.routers:
            router.change(settings.max_outage_s)

    async def close(self) -> None:
        """End the routers."""
        for router in self.routers:
            await router.close()

    def _all(self) -> set[Endpoint]:
        return {endpoint for router in self.routers for endpoint in router.endpoints}


async def _nothing(endpoint: str) -> None:
    """The health check of what has no health."""
