"""Provider batches: many calls in one file, answered within a day, for less.

A `BatchBackend` speaks a provider's protocol and remembers nothing. What was submitted, who waits
for which line and what it may cost is the engine's (`ttc.engine.batches`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from ttc.core.model import Call, Completion, RemoteBackend


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """How calls are gathered into batches.

    requests, size: the most of one batch, and bytes of its file. gather_s: seconds without a new
    call after which those that wait are sent; poll_s: the longest pause between looks at a batch.
    expired: whether what a batch did not get to is asked for again, or has failed.
    """

    requests: int = 50_000
    size: int = 200_000_000
    gather_s: float = 5.0
    poll_s: float = 60.0
    expired: Literal["resubmit", "fail"] = "resubmit"


@dataclass(frozen=True, slots=True)
class BatchFault:
    """Why a batch was not accepted. line: which of its lines, from 1; None for all."""

    code: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as its provider tells it. `status` is the provider's word; `ended`: no more comes.

    expires: Unix time by which it ends; token: what we named it by; files: those with replies.
    """

    id: str
    status: str
    ended: bool = False
    total: int = 0
    done: int = 0
    failed: int = 0
    expires: float | None = None
    token: str = ""
    input_file: str = ""
    files: tuple[str, ...] = ()
    faults: tuple[BatchFault, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchReply:
    """One line of a batch's replies, unread. name: of the call; "" where the line has none.

    ended: why there was no answer, where that is no matter of the call.
    """

    name: str
    content: Any
    ended: Literal["", "expired", "cancelled"] = ""


@runtime_checkable
class BatchBackend(RemoteBackend, Protocol):
    """A backend whose calls travel in batches. All methods raise `BackendError`s as `complete`."""

    @property
    def batching(self) -> BatchTerms: ...

    def encode(self, name: str, call: Call) -> tuple[str, bytes]:
        """The route that answers a call, and its line without the line's end."""
        ...

    async def upload(self, name: str, content: bytes) -> str:
        """Put a file of lines there; its id. It costs nothing by itself."""
        ...

    async def start(self, file: str, route: str, token: str) -> Batch:
        """Submit a file, under a token by which `find` finds the batch."""
        ...

    async def look(self, batch: str) -> Batch:
        """How a batch is, by its id."""
        ...

    async def find(self, token: str, file: str) -> Batch | None:
        """The batch of a token or an input file, if the provider has one."""
        ...

    async def fetch(self, batch: Batch) -> list[BatchReply]:
        """All replies of a batch that has ended, in any order; files that it has none of apart."""
        ...

    def read(self, reply: BatchReply, call: Call) -> list[Completion]:
        """What a line says, as `complete` would have it."""
        ...

    async def cancel(self, batch: str) -> None:
        """Ask that no more of a batch be answered."""
        ...
