"""What a run writes about itself: its log, its status, and in the manifest how each try went."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from ttc.alongside import alongside
from ttc.engine.events import Events
from ttc.errors import DataError, Interrupted, PluginError, TtcError
from ttc.pipeline.journals import journal_of
from ttc.pipeline.monitor import Monitor, endpoint_states, endpoint_views
from ttc.pipeline.signals import Stop
from ttc.plugins import blamed, failure
from ttc.store.manifest import Manifest, TryStatus
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import note, run_log
from ttc.store.status import write_status

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_STATUS_EVERY_S = 1.0
_SHOWN = 4  # batches that are named


class Recording:
    """One try: gives the manifest its tries, notes what happens, and says how it ended."""

    def __init__(self, recipe: Recipe, run: RunFolder) -> None:
        self.earlier = run.earlier()
        self.tries = 1 + (len(self.earlier.tries) if self.earlier else 0)
        self.monitor = Monitor(recipe, run, self.tries)
        self.manifest: Manifest | None = None
        self._notes: tuple[str, ...] = ()
        self._run = run
        self._seen_retries = 0
        self._seen_endpoints: dict[str, str] = {}
        self.monitor.events.on_change = self._changed

    def begin(
        self, manifest: Manifest, problems: int, notes: Sequence[str] = (), changed: str = ""
    ) -> None:
        """The run has its problems: write the manifest, so that the folder is a run from now on.

        notes: on how the problems were read; changed: why it is another run than one before. They
        stand in the log and in the manifest.
        """
        self._notes = (*notes, *filter(None, [changed]))
        manifest.begin_try(self.earlier)
        manifest.write(self._run.manifest_path)
        self.manifest = manifest
        self.monitor.problems = problems
        note(
            "run_started",
            f"{self._run.name}: {problems} problems" + (", going on" if self.tries > 1 else ""),
            run_id=manifest.run_id,
            recipe=manifest.recipe_name,
            recipe_hash=manifest.recipe_hash,
            seed=manifest.seed,
            problems=problems,
            ttc_version=manifest.ttc_version,
            git_commit=manifest.git_commit,
            git_dirty=manifest.git_dirty,
        )
        for text in notes:
            note("dataset_read", text)
        if changed:
            note("code_changed", changed)

    def resolved(self) -> None:
        """The models have said what they are."""
        assert self.manifest is not None
        self.manifest.write(self._run.manifest_path)
        for role, model in self.manifest.models.items():
            note("model_resolved", f"{role}: {model.model}", role=role, **model.model_dump())

    def _changed(self, events: Events) -> None:
        if events.retries > self._seen_retries:
            self._seen_retries = events.retries
            note("retry", events.last_retry, level=logging.WARNING, retries=events.retries)
        self._note_endpoints(events)

    def _note_endpoints(self, events: Events) -> None:
        for url, state in endpoint_states(events).items():
            before = self._seen_endpoints.get(url)
            if state != before:
                self._seen_endpoints[url] = state
                if before is not None:
                    view = next(v for v in endpoint_views(events) if v["url"] == url)
                    note("endpoint_changed", f"{url}: {before} -> {state}", **view)

    def end(
        self, status: TryStatus, error: str = "", *, trace: BaseException | None = None
    ) -> None:
        """The try is over; a manifest that can't be written any more must not hide why."""
        monitor, manifest = self.monitor, self.manifest
        monitor.state, monitor.error = status, error
        if manifest is not None:
            if monitor.ledger is not None:
                manifest.ledger = monitor.ledger.as_dict()
            manifest.failures = monitor.failures()
            manifest.status = status if status in ("complete", "budget") else "interrupted"
            manifest.note = error or "; ".join(self._notes)
            manifest.end_try(status, error)
            with suppress(DataError) if error else nullcontext():
                if not error or self._run.path.is_dir():  # who removed it wants no rest of it
                    manifest.write(self._run.manifest_path)
        done = monitor.status()
        note(
            f"run_{status}" if status in ("interrupted", "failed") else "run_ended",
            error or f"{self._run.name}: {status}",
            level=logging.ERROR if status == "failed" else logging.INFO,
            status=status,
            seconds=round(done.seconds, 3),
            samples={role: count.done for role, count in done.roles.items()},
            from_journal=done.from_journal,
            retries=done.retries,
            budget={unit: amount.model_dump() for unit, amount in done.budget.items()},
        )
        if trace is not None:
            logging.getLogger("ttc.run").error("unexpected error", exc_info=trace)


@contextmanager
def recorded(recipe: Recipe, run: RunFolder, stop: Stop | None = None) -> Iterator[Recording]:
    """Record the try that the block is. The caller holds the run's lock.

    The block calls `begin`, and `end` when all went well; an error or Ctrl-C ends the try here.
    Raises `Interrupted` for Ctrl-C, with what is kept; other errors pass unchanged. stop: knows
    which signal it was.
    """
    recording = Recording(recipe, run)
    with run_log(run, **{"try": recording.tries}), _ticking(recording.monitor):
        try:
            yield recording
        except (KeyboardInterrupt, asyncio.CancelledError):
            message = _kept(recording)
            recording.end("interrupted", message)
            number = stop.signal if stop is not None else 0
            raise Interrupted(message, number or signal.SIGINT) from None
        except TtcError as error:
            recording.end("failed", str(error))
            raise
        except BaseException as error:
            plugin = blamed(error)
            said = failure(error, plugin) if plugin else f"{type(error).__name__}: {error}"
            recording.end("failed", said, trace=error)
            if plugin:
                raise PluginError(said) from error
            raise


def _kept(recording: Recording) -> str:
    kept = recording.monitor.kept_by_role()
    waiting = _standing(recording)
    if not sum(kept.values()):
        return waiting or "Interrupted before anything was sampled; the same command begins again."
    named = " and ".join(f"{n:,} samples of the {role}" for role, n in kept.items() if n)
    journal = journal_of(recording.monitor.run, recording.monitor.recipe.engine.journal)
    return (
        f"Interrupted: {named} are kept in {journal}; the same command goes on from there and pays "
        f"for none of them again.{' ' * bool(waiting)}{waiting}"
    )


def _standing(recording: Recording) -> str:
    """What waits at a provider, and what may be done about it; empty where nothing does."""
    monitor = recording.monitor
    ids = [state.id for state in monitor.events.batches.values()]
    if not ids:
        return ""
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    shown = ", ".join(ids[:_SHOWN]) + more
    stand = f"Batch {shown} stands" if len(ids) == 1 else f"Batches {shown} stand"
    return (
        f"{stand} at the provider: the same command fetches what comes of that, `ttc batches "
        f"{monitor.run.name}` shows it and `ttc batches {monitor.run.name} --cancel` cancels it."
    )


@contextmanager
def _ticking(monitor: Monitor) -> Iterator[None]:
    """Write the status about once a second, by a thread: a stalled event loop shows too."""

    def tick(over: threading.Event) -> None:
        while not over.is_set():
            write_status(monitor.run, monitor.status())
            over.wait(_STATUS_EVERY_S)

    try:
        with alongside("ttc-status", tick):
            yield
    finally:
        write_status(monitor.run, monitor.status())
