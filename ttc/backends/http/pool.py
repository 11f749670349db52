"""Several servers of one model as a pool.

Which of them takes a call is the engine's choice, for it knows how each of them fares. Where the
backend is used without an engine, the least busy one takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Client = TypeVar("Client")


@dataclass(slots=True)
class Endpoint(Generic[Client]):
    """One server, its client, and the calls that it has now and has had."""

    url: str
    client: Client
    busy: int = 0
    served: int = 0


class Pool(Generic[Client]):
    """Endpoints by name: the URL, which gets a number where it comes again."""

    def __init__(self, urls: Sequence[str], connect: Callable[[int], Client]) -> None:
        seen: Counter[str] = Counter()
        self._named: dict[str, Endpoint[Client]] = {}
        for index, url in enumerate(urls):
            seen[url] += 1
            name = url if seen[url] == 1 else f"{url}#{seen[url]}"
            self._named[name] = Endpoint(url, connect(index))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._named)

    @property
    def endpoints(self) -> list[Endpoint[Client]]:
        return list(self._named.values())

    def __getitem__(self, name: str) -> Endpoint[Client]:
        return self._named[name]

    def least_busy(self) -> str:
        """The name of the endpoint with the fewest calls under way."""
        return min(self._named, key=lambda n: (self._named[n].busy, self._named[n].served))

    @contextmanager
    def lend(self, name: str) -> Iterator[Endpoint[Client]]:
        """An endpoint for one call."""
        endpoint = self._named[name]
        endpoint.busy += 1
        try:
            yield endpoint
        finally:
            endpoint.busy -= 1
            endpoint.served += 1
