"""A run's status for people: as a line, and as a panel for a live display or `ttc status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ttc.report.failures import failure_lines
from ttc.report.tables import number
from ttc.store.shard_status import shards_in_words
from ttc.store.status import Count, RunStatus, Spending
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

_COLOURS = {
    "complete": "green",
    "budget": "green",
    "interrupted": "yellow",
    "failed": "red",
    "killed": "red",
}
_ENDED = {
    "complete": "complete",
    "budget": "complete, ended by its budget",
    "interrupted": "interrupted; run its recipe again to go on",
    "failed": "failed; run its recipe again to go on",
    "killed": "killed; run its recipe again to go on",
    "unmerged": "all its shards are done; ttc merge makes one run of them",
}
_MOST_SHARDS = 20


def status_line(status: RunStatus) -> str:
    """One line for logs: done of total, rate, budget, time left, retries; or what is waited for."""
    if status.doing:
        return f"{status.doing} ({duration(status.seconds)})"
    parts = [
        "paused" if status.stage == "paused" else "",
        f"{_of(status.problems)} problems",
        *(f"{role} {_of(count)}" for role, count in status.roles.items()),
        f"{status.from_journal:,} from the journal" if status.from_journal else "",
        *_pace(status),
        *(
            f"{unit} {_spent(amount)}"
            for unit, amount in status.budget.items()
            if amount.limit is not None
        ),
        _waiting(status),
        _retries(status),
        *(f"{e['url']} {e['state']}" for e in status.endpoints if _unwell(e)),
    ]
    return ", ".join(part for part in parts if part)


def status_panel(status: RunStatus, log: Iterable[Mapping[str, Any]] = ()) -> RenderableType:
    """Bars of what is done, budget, endpoints and the last entries of the log."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from ttc.report.console import line

    bars = Table.grid(padding=(0, 2))
    for name, count in {"problems": status.problems, **status.roles}.items():
        bars.add_row(Text(name), _bar(count), Text(_of(count), justify="right"))
    lines = [", ".join(part for part in (*_pace(status), *_notes(status)) if part)]
    lines += [
        f"{unit}: {_spent(amount)}"
        for unit, amount in status.budget.items()
        if amount.limit is not None or unit == "tokens"
    ]
    lines += [_endpoint(view) for view in status.endpoints]
    lines += [batch_line(one, status.updated.timestamp()) for one in status.batches]
    lines += _shard_lines(status)
    said = failure_lines(status.failures, status.samples)
    said += [f"Warning: {text}" for text in status.warnings]
    loud = [line(text, "yellow") for text in said]
    tail = [line(log_line(one), "dim") for one in log]
    for one in tail:
        one.overflow, one.no_wrap = "ellipsis", True
    return Group(_head(status), bars, *(line(text) for text in lines if text), *loud, *tail)


def _shard_lines(status: RunStatus) -> Sequence[str]:
    """How many shards stand how, and of those that are not done, each."""
    if not status.shards:
        return ()
    others = [one for one in status.shards if not one.done]
    rows = [
        f"  {one.shard} {one.state}"
        + (f", {_of(one.problems)} problems, {one.samples:,} samples" if one.samples else "")
        + (f": {one.error}" if one.error else "")
        for one in others[:_MOST_SHARDS]
    ]
    more = [f"  and {len(others) - _MOST_SHARDS} more"] if len(others) > _MOST_SHARDS else []
    return [shards_in_words(status.shards), *rows, *more]


def _head(status: RunStatus) -> RenderableType:
    from ttc.report.console import line, plain

    shard = f"  shard {status.shard.replace('-', ' ')}" if status.shard else ""
    head = line(f"{status.recipe_name}/{status.run_id}{shard}", "bold")
    doing = status.doing or status.stage
    if status.state != "running":
        doing = _ENDED.get(status.state, status.state)
        if status.stage == "shards" and status.state == "interrupted":
            doing = "not all of its shards are done"
    head.append_text(line(f"  {doing}", _COLOURS.get(status.state, "cyan")))
    head.append(f"  {duration(status.seconds)}", style="none")
    if status.round > 1:
        head.append(f"  round {status.round}", style="none")
    if status.tries > 1:
        head.append(f"  try {status.tries}", style="none")
    if status.error and status.state == "failed":
        head.append_text(plain(f"\n{status.error}", "red"))
    return head


def _bar(count: Count) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    if count.total is None:  # the count alone tells
        return Text("")
    return ProgressBar(total=max(count.total, 1), completed=count.done, width=40)


def _of(count: Count) -> str:
    return f"{count.done:,}" if count.total is None else f"{count.done:,}/{count.total:,}"


def _pace(status: RunStatus) -> tuple[str, ...]:
    if status.state != "running":
        return ()
    eta = f"{duration(status.eta_seconds)} left" if status.eta_seconds else ""
    return f"{status.tokens_per_second:,.0f} tokens/s", eta


def _notes(status: RunStatus) -> Sequence[str]:
    return (
        f"{status.from_journal:,} from the journal" if status.from_journal else "",
        f"{status.fingerprint_calls:,} calls for fingerprints" if status.fingerprint_calls else "",
        _retries(status),
    )


def _retries(status: RunStatus) -> str:
    last = f" (last: {status.last_retry})" if status.last_retry else ""
    return f"{status.retries:,} retries{last}" if status.retries else ""


def _spent(amount: Spending) -> str:
    if amount.limit is None or amount.left is None:
        return f"{number(amount.spent)} spent"
    reserved = f", {number(amount.reserved)} reserved" if amount.reserved else ""
    return (
        f"{number(amount.spent)} of {number(amount.limit)} spent{reserved}, "
        f"{number(amount.left)} left"
    )


def _unwell(view: Mapping[str, Any]) -> bool:
    return view.get("state") not in (None, "", "ok", "closed", "healthy")


def _endpoint(view: Mapping[str, Any]) -> str:
    rest = ", ".join(
        f"{key.replace('_', ' ')} {_short(value)}"
        for key, value in view.items()
        if key not in ("url", "state") and value not in (None, "", 0)
    )
    state = f" {view['state']}" if view.get("state") else ""
    return f"{view['url']}{state}{': ' if rest else ''}{rest}"


def _waiting(status: RunStatus) -> str:
    """Of all batches together."""
    calls = sum(int(one.get("requests") or 0) for one in status.batches)
    done = sum(int(one.get("done") or 0) for one in status.batches)
    batches = counted(len(status.batches), "batch").replace("batchs", "batches")
    return f"{batches} at the provider, {done:,} of {calls:,} calls done" if calls else ""


def batch_line(one: Mapping[str, Any], now: float) -> str:
    """A batch that waits at a provider. now: Unix time, of which its age is told."""
    age = duration(max(0.0, now - float(one.get("submitted") or now)))
    ends = one.get("expires")
    left = f", expires in {duration(float(ends) - now)}" if ends and float(ends) > now else ""
    failed = f", {one['failed']:,} failed" if one.get("failed") else ""
    said = f" (not heard of: {one['said']})" if one.get("said") else ""
    done, calls = int(one.get("done") or 0), int(one.get("requests") or one.get("total") or 0)
    return (
        f"batch {one.get('id')} of {one.get('model')} {one.get('status')}: {done:,} of {calls:,} "
        f"calls done{failed}, {age} old{left}{said}"
    )


def _short(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def duration(seconds: float) -> str:
    """`h:mm:ss`, or `m:ss` below an hour."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def log_line(entry: Mapping[str, Any]) -> str:
    """An entry of the log in one line: local time, level where it matters, event, message."""
    try:
        when = datetime.fromisoformat(str(entry.get("time"))).astimezone().strftime("%H:%M:%S")
    except ValueError:
        when = "-"
    level = str(entry.get("level", ""))
    loud = f"{level}: " if level not in ("", "info") else ""
    return " ".join(f"{when}  {loud}{entry.get('event', '')}: {entry.get('message', '')}".split())
