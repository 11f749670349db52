"""One call of a batch: its name at the provider, who waits for it, and what its reply may cost."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from ttc.budget.allocation import Amounts
from ttc.core import Call, Completion
from ttc.core.batches import BatchBackend, BatchReply, BatchTerms
from ttc.engine.content import plain
from ttc.errors import BackendError

Answer = asyncio.Future[list[Completion]]


class Parked(Protocol):
    """The money of a call that waits in a batch; see `ttc.engine.tickets.Payment`."""

    @property
    def problem(self) -> str: ...

    @property
    def held(self) -> Amounts: ...

    def park(self, line: Line) -> None: ...


@dataclass(slots=True, eq=False)
class Line:
    """A call in a batch, or on its way there.

    call, backend: None of an earlier try's line until its call is made again. token: its batch's,
    "" before. stands: whether its reservation is counted without a call. over: to be told when
    what came of it is kept elsewhere.
    """

    name: str
    problem: str
    held: Amounts
    over: Callable[[Line], None]
    call: Call | None = None
    backend: BatchBackend | None = None
    route: str = ""
    data: bytes = b""
    token: str = ""
    stands: bool = False
    found: bool = False
    """Whether an earlier try submitted it."""
    answer: Answer | None = None
    reply: BatchReply | BackendError | None = None

    @property
    def waits(self) -> bool:
        """Whether it stands at the provider and no call waits for it."""
        return self.answer is None and bool(self.token)

    def claim(self, call: Call, backend: BatchBackend) -> Answer:
        """Wait for it."""
        self.call, self.backend = call, backend
        self.answer = asyncio.get_running_loop().create_future()
        return self.answer


def line_name(scope: Sequence[str], call: Call) -> str:
    """What a provider is told to call a call: a digest, from which nothing can be read.

    The samples' seeds, which follow from their keys in the journal, tell apart what has the same
    prompt; a later try gives the same call the same name.
    """
    content = [list(scope), plain(call.prompt), asdict(call.params), list(call.seeds)]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "ttc-" + hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def cut(lines: Sequence[Line], terms: BatchTerms, most: int) -> Iterator[list[Line]]:
    """Batches of at most `most` lines of one route, each within the provider's limit of bytes."""
    routes = dict.fromkeys(line.route for line in lines)
    for route in routes:
        part: list[Line] = []
        size = 0
        for line in (one for one in lines if one.route == route):
            length = len(line.data) + 1
            if part and (len(part) >= most or size + length > terms.size):
                yield part
                part, size = [], 0
            part.append(line)
            size += length
        if part:
            yield part


def fresh(error: BackendError) -> BackendError:
    """The same error once more: each call must have one of its own to raise."""
    made = type(error).__new__(type(error), *error.args)
    made.args = error.args
    made.__dict__.update(error.__dict__)
    return made
