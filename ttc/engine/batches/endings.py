"""What a batch that has ended says of each of its lines, and of itself to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ttc.core.batches import Batch, BatchFault, BatchReply, BatchTerms
from ttc.engine.batches.lines import Line
from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.redact import redact
from ttc.words import counted

EXPIRED = "expired"
"""The reason of samples that no batch got to in time, where the recipe says so."""
_SAID = 3  # reasons of a refusal that are quoted
_TOO_MUCH = ("token_limit_exceeded", "enqueued", "queue")


@dataclass(frozen=True, slots=True)
class Sorted:
    """The replies of a batch by line, and those that belong to none."""

    strange: int
    double: int
    missing: int


def sort_out(lines: Sequence[Line], replies: Sequence[BatchReply]) -> Sorted:
    """Give each line its reply: the first of its name, in whatever order they came."""
    waiting = {line.name: line for line in lines}
    strange = double = 0
    for reply in replies:
        line = waiting.get(reply.name)
        if line is None:
            strange += 1
        elif line.reply is not None:
            double += 1
        else:
            line.reply = reply
    return Sorted(strange, double, sum(line.reply is None for line in lines))


def too_much(batch: Batch) -> bool:
    """Whether a provider would not take a batch beside those that it has by now."""
    codes = [f"{fault.code} {fault.message}".lower() for fault in batch.faults]
    return batch.status == "failed" and any(w in code for code in codes for w in _TOO_MUCH)


def without_reply(batch: Batch, number: int, line: Line, terms: BatchTerms) -> BackendError:
    """What is to become of a line that has no reply. number: its place in the file, from 1."""
    if batch.status == "failed":
        return _refused(batch, number)
    if batch.status == "expired":
        return expired(batch, terms)
    if batch.status == "cancelled":
        return cancelled(batch, line)
    return RetryableError(f"batch {batch.id} ended ({batch.status}) without a reply to this call")


def expired(batch: Batch, terms: BatchTerms) -> BackendError:
    """A line that a batch did not get to in time."""
    said = f"batch {batch.id} expired before this call was answered"
    return CallFailed(said, EXPIRED) if terms.expired == "fail" else RetryableError(said)


def cancelled(batch: Batch, line: Line) -> BackendError:
    """A line of a batch that somebody cancelled: while a run waits, that ends it."""
    said = f"batch {batch.id} was cancelled before this call was answered"
    if line.found:
        return RetryableError(said)
    return BackendError(f"{said}; what was answered is kept, run again to ask for the rest")


def _refused(batch: Batch, number: int) -> BackendError:
    """A line that is named is refused; else the reason may pass, or lie in other lines."""
    here = [f for f in batch.faults if f.line == number]
    said = f"batch {batch.id} was not accepted: {words(here or batch.faults)}"
    return BackendError(redact(said), refused=400) if here else RetryableError(redact(said))


def words(faults: Sequence[BatchFault]) -> str:
    """Why a batch was not accepted, as its provider puts it."""
    told = [f"{fault.message} ({fault.code})" if fault.code else fault.message for fault in faults]
    return "; ".join(told[:_SAID]) or "no reason was given"


def refused_whole(batch: Batch) -> bool:
    """Whether none of its lines is named as the culprit."""
    return batch.status == "failed" and not any(fault.line for fault in batch.faults)


def summary(batch: Batch, lines: Sequence[Line], found: Sorted, terms: BatchTerms) -> str:
    """What people must know of how a batch ended; empty where all went well."""
    said: list[str] = []
    ends = {"expired": 0, "cancelled": 0}
    for line in lines:
        if isinstance(line.reply, BatchReply) and line.reply.ended:
            ends[line.reply.ended] += 1
    lost = found.missing + sum(ends.values())
    if lost:
        again = "they are asked for in another batch"
        if batch.status == "expired" and terms.expired == "fail":
            again = "they have failed (batch.expired: fail)"
        if batch.status == "cancelled" and not any(line.found for line in lines):
            again = ""
        of = f"{lost} of {counted(len(lines), 'call')} got no answer"
        said.append(
            "; ".join(filter(None, [of, "what was reserved for them is free again", again]))
        )
    if found.double:
        said.append(f"{counted(found.double, 'line')} came more than once, which counts once")
    # Of an earlier try's batch some lines may be settled by now.
    if found.strange and not all(line.found for line in lines):
        said.append(f"{counted(found.strange, 'line')} for no call of it, which is left out")
    if batch.status == "failed":
        said.insert(0, f"it was not accepted: {words(batch.faults)}")
    return redact(f"batch {batch.id} ({batch.status}): {'; '.join(said)}") if said else ""
