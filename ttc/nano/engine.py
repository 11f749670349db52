"""A loaded model, and workers that batch over all requests that are under way at a time."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from ttc.nano.cache import Batch
from ttc.nano.catalogue import ModelInfo, read_weights
from ttc.nano.errors import ContextOverflow
from ttc.nano.model import Forward
from ttc.nano.products import single_threaded
from ttc.nano.reading import Text
from ttc.nano.reward import score_steps
from ttc.nano.sampling import Row, Sample, SampleJob, advance

_PROMPTS_AT_ONCE = 32


class Rows(Protocol):
    """Samples under way of one worker."""

    @property
    def rows(self) -> list[Row]: ...

    @property
    def free(self) -> int:
        """How many more rows fit."""
        ...

    def enter(self, entering: Sequence[tuple[list[int], list[Row]]]) -> None:
        """Read prompts and let their rows in."""
        ...


class NanoModel:
    """Weights and what they are."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info
        config, arrays = read_weights(info)
        self.forward = Forward(config, arrays)
        self.tokenizer = self.forward.tokenizer

    def count_tokens(self, text: str) -> int:
        """Length of a text in tokens."""
        return len(self.tokenizer.encode(text))

    def text(self, prompt: str, pieces: Sequence[str]) -> Text:
        """A text to read, in this network's tokens."""
        return Text(prompt, pieces, self.tokenizer)

    def sample(self, jobs: Sequence[SampleJob]) -> list[list[Sample]]:
        """Samples of each job, in the order of its seeds, on the calling thread."""
        tickets = [self.ticket(job) for job in jobs]
        queue = deque(tickets)
        batch = self.batch()
        with single_threaded():
            while queue or batch.rows:
                _admit(batch, queue)
                _finish(self.advance(batch))
        return [ticket.future.result() for ticket in tickets]

    def batch(self) -> Rows:
        """An empty one."""
        return Batch(self.forward)

    def advance(self, batch: Any) -> list[tuple[Row, Sample]]:
        """Go on with all rows of one of its batches; returns those that ended, which leave it."""
        return advance(batch)

    def score_steps(self, question: str, steps: Sequence[str]) -> list[float]:
        """See `ttc.nano.reward.score_steps`, which takes many solutions at once."""
        return score_steps(self, [(question, steps)])[0]

    def ticket(self, job: SampleJob) -> Ticket:
        """A job with its rows. Raises `ContextOverflow` for a prompt that leaves no room."""
        prompt = self.tokenizer.encode(job.prompt)
        room = self.info.context_length - len(prompt)
        if room < 1 or not prompt:
            raise ContextOverflow(len(prompt), self.info.context_length)
        most = min(room, job.max_tokens)
        rows = [Row(job, prompt, seed, most, self.tokenizer) for seed in job.seeds]
        ticket = Ticket(prompt, rows)
        for number, row in enumerate(rows):
            row.ticket = (ticket, number)
        if not rows:
            ticket.future.set_result([])
        return ticket


@dataclass
class Ticket:
    """A job under way: rows that wait for a place, and the samples that have come."""

    prompt: list[int]
    waiting: list[Row]
    done: dict[int, Sample] = field(default_factory=dict)
    future: Future[list[Sample]] = field(default_factory=Future)
    size: int = 0

    def __post_init__(self) -> None:
        self.size = len(self.waiting)


class Engine:
    """Worker threads around one model. numpy computes outside the interpreter's lock, so two
    workers keep two cores busy; each has its own batch, and a job stays with one worker.
    """

    def __init__(self, model: NanoModel, workers: int | None = None) -> None:
        self._limits = ExitStack()
        self._limits.enter_context(single_threaded())
        self.model = model
        self._queue: deque[Ticket] = deque()
        self._wake = threading.Condition()
        self._closed = False
        count = workers or max(1, min(4, os.cpu_count() or 1))
        self._threads = [
            threading.Thread(target=self._work, name=f"ttc-nano-{i}", daemon=True)
            for i in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: SampleJob) -> Future[list[Sample]]:
        """Samples of a job, in the order of its seeds. Raises `ContextOverflow`.

        Cancelling the future drops what is left of the job.
        """
        ticket = self.model.ticket(job)
        if not ticket.waiting:
            return ticket.future
        with self._wake:
            if self._closed:
                raise RuntimeError("the engine is closed")
            self._queue.append(ticket)
            self._wake.notify()
        return ticket.future

    def close(self) -> None:
        """Stop the workers; jobs under way are cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        for ticket in self._queue:
            ticket.future.cancel()
        self._limits.close()

    def _work(self) -> None:
        batch = self.model.batch()
        mine: deque[Ticket] = deque()
        try:
            while self._take(batch, mine):
                _admit(batch, mine)
                if batch.rows:
                    _finish(self.model.advance(batch))
        except BaseException as error:
            for row in batch.rows:
                assert row.ticket is not None
                _fail(row.ticket[0], error)
            for ticket in mine:
                _fail(ticket, error)
            raise
        for row in batch.rows:
            assert row.ticket is not None
            row.ticket[0].future.cancel()
        for ticket in mine:
            ticket.future.cancel()

    def _take(self, batch: Rows, mine: deque[Ticket]) -> bool:
        """Fetch waiting jobs while there is room; sleeps when there is nothing to do."""
        with self._wake:
            while not self._closed and not self._queue and not batch.rows and not mine:
                self._wake.wait()
            # No more than can start now: the other workers' share stays in the queue.
            room = batch.free - sum(len(ticket.waiting) for ticket in mine)
            while self._queue and room > 0:
                mine.append(self._queue.popleft())
                room -= len(mine[-1].waiting)
            return not self._closed


def _admit(batch: Rows, queue: deque[Ticket]) -> None:
    """Prefill the prompts of waiting jobs and let their rows in, as far as there is room."""
    entering: list[tuple[Ticket, list[Row]]] = []
    room = batch.free
    while queue and room > 0 and len(entering) < _PROMPTS_AT_ONCE:
        ticket = queue[0]
        rows, ticket.waiting = ticket.waiting[:room], ticket.waiting[room:]
        room -= len(rows)
        if not ticket.future.cancelled():
            entering.append((ticket, rows))
        if not ticket.waiting:
            queue.popleft()
    if entering:
        batch.enter([(ticket.prompt, rows) for ticket, rows in entering])


def _finish(ended: Sequence[tuple[Row, Sample]]) -> None:
    for row, sample in ended:
        assert row.ticket is not None
        ticket, number = row.ticket
        ticket.done[number] = sample
        if len(ticket.done) == ticket.size:
            with suppress(InvalidStateError):  # cancelled in this very moment
                ticket.future.set_result([ticket.done[i] for i in range(ticket.size)])


def _fail(ticket: Ticket, error: BaseException) -> None:
    with suppress(InvalidStateError):
        ticket.future.set_exception(error)
