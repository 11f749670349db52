"""A run under way does what `ttc ctl` wants of it: pause, go on, other settings, retries, the end.

What may change is when calls are sent and how patiently, never which samples there are: the tables
are those of a run that was left alone.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from ttc.alongside import alongside
from ttc.engine.engine import Engine
from ttc.engine.live_settings import FIXED, LIVE
from ttc.engine.settings import EngineSettings
from ttc.errors import TtcError, UsageError
from ttc.pipeline.collect import Attempted
from ttc.pipeline.monitor import Monitor
from ttc.pipeline.signals import Stop
from ttc.store.control import Answer, Door, Request
from ttc.store.run_log import note
from ttc.words import counted, nearest

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_EVERY_S = 0.2
_SECTION = "engine."


class _Sections(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    engine: EngineSettings


class Steering:
    """What a try was told so far. Commands are done in the event loop while one samples.

    settings: the engine's, as they are by now; stop: what ends the run.
    """

    def __init__(self, recipe: Recipe, monitor: Monitor, stop: Stop) -> None:
        self.settings = recipe.engine
        self._monitor, self.stop = monitor, stop
        self._door = Door(monitor.run)
        self._engine: Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changing = threading.RLock()
        self._problems: tuple[str, ...] = ()
        self._failed: dict[str, int] = {}
        self._wanted: set[str] = set()
        self._posted = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take commands until the block ends, by a thread that looks for them."""
        if not self._door.open():
            note("not_steerable", "this run takes no commands: its folder can't be written")
            yield
            return

        def watch(over: threading.Event) -> None:
            while not over.wait(_EVERY_S):
                if self._door.waiting():
                    self._serve_soon()

        try:
            with alongside("ttc-control", watch):
                yield
        finally:
            self._door.close()

    def _serve_soon(self) -> None:
        with self._changing:
            if self._loop is None:
                self._serve()
            elif not self._posted:
                self._posted = True
                with suppress(RuntimeError):  # the loop has just ended
                    self._loop.call_soon_threadsafe(self._serve)

    def _serve(self) -> None:
        self._posted = False
        for name in self._door.waiting():
            request = self._door.take(name)
            if request is not None:
                self._door.answer(name, self._answer(request))

    def _answer(self, request: Request) -> Answer:
        with self._changing:
            try:
                self._require_open(request.command)
                said, facts = self._do(request.command, request.words)
                ok = True
            except TtcError as error:
                ok, said, facts = False, str(error), {}
            return Answer(ok=ok, said=said, facts={**self._standing(), **facts})

    def _standing(self) -> dict[str, Any]:
        engine = self._engine
        return {
            "stage": self._monitor.status().stage,
            "calls_under_way": 0 if engine is None else engine.under_way,
            "engine": self.settings.model_dump(mode="json"),
            "to_retry": sorted(self._wanted),
            "run": self._monitor.run.name,
        }

    def _require_open(self, command: str) -> None:
        if self._monitor.stage == "evaluating":
            raise UsageError("all its samples are drawn; it is being evaluated, and then complete")
        if self._monitor.stage == "stopping" and command != "stop":
            raise UsageError("the run is about to stop: no call is sent any more")

    def _do(self, command: str, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        does: dict[str, Callable[[Sequence[str]], tuple[str, dict[str, Any]]]] = {
            "pause": lambda _: (self._pause(), {}),
            "resume": lambda _: (self._resume(), {}),
            "set": self._set,
            "retry": lambda words: (self._retry(words), {}),
            "stop": lambda _: (self._end(), {}),
        }
        if command not in does:
            raise UsageError(f"{command}: unknown to this run{nearest(command, does)}")
        if bool(words) != (command in ("set", "retry")):
            takes = "needs words" if not words else "takes no words"
            raise UsageError(f"{command} {takes}: see ttc ctl --help")
        return does[command](words)

    def _pause(self) -> str:
        if self._monitor.paused:
            return "it is paused already"
        self._monitor.paused = True
        if self._engine is not None:
            self._engine.pause()
        said = f"paused: no call is sent; {self._under_way()}"
        note("paused", said)
        return said

    def _under_way(self) -> str:
        left = 0 if self._engine is None else self._engine.under_way
        if left < 2:
            return "1 call under way ends by itself" if left else "none is under way"
        return f"{counted(left, 'call')} under way end by themselves"

    def _resume(self) -> str:
        if not self._monitor.paused:
            return "it is not paused"
        self._monitor.paused = False
        if self._engine is not None:
            self._engine.resume()
        note("resumed", "resumed: calls are sent again")
        return "resumed: calls are sent again"

    def _set(self, words: Sequence[str]) -> tuple[str, dict[str, Any]]:
        made = changed_settings(self.settings, words)
        before, after = (one.model_dump(mode="json") for one in (self.settings, made))
        moved = {key: [before[key], after[key]] for key in after if after[key] != before[key]}
        self.settings = made
        if self._engine is not None:
            self._engine.change(made)
        if not moved:
            return "nothing changed: it has these values", {"changed": {}}
        said = ", ".join(f"{_SECTION}{key}: {old} -> {new}" for key, (old, new) in moved.items())
        note("engine_changed", f"set {said}", changed=moved)
        return f"set {said}", {"changed": {f"{_SECTION}{key}": both for key, both in moved.items()}}

    def _retry(self, words: Sequence[str]) -> str:
        if not self._problems:
            raise UsageError("the run has not loaded its problems yet: try again in a moment")
        for name in words:
            if name not in self._problems:
                raise UsageError(f"no problem {name!r}{nearest(name, self._problems)}")
            if self._failed.get(name) == 0:
                raise UsageError(f"problem {name!r} is done, and none of its samples failed")
        self._wanted |= set(words)
        if self._engine is not None:
            self._engine.retried |= set(words)
        known = sum(self._failed.get(name, 0) for name in words)
        counts = f" ({counted(known, 'failed sample')} so far)" if known else ""
        said = (
            f"failed samples of {', '.join(words)}{counts} are asked for again: what is not drawn "
            "yet at its turn, the others when all problems are done"
        )
        note("retry_wanted", said, problems=list(words))
        return said

    def _end(self) -> str:
        left = self._under_way()
        if not self.stop.gently():
            raise UsageError("the run is ending already")
        return f"stopping as after Ctrl-C: what is there is kept; {left}"

    @contextmanager
    def of(self, engine: Engine) -> Iterator[None]:
        """Steer an engine for as long as the block lasts, which is the running loop's."""
        with self._changing:
            self._engine, self._loop = engine, asyncio.get_running_loop()
            self._posted = False
            if self._monitor.paused:
                engine.pause()
        try:
            yield
        finally:
            with self._changing:
                self._engine = self._loop = None

    def begin(self, problems: Sequence[str]) -> None:
        """These are the run's problems."""
        self._problems = tuple(problems)

    def window(self) -> int:
        """Problems that may be under way at a time."""
        return self.settings.problems_in_flight

    def saw(self, done: Attempted) -> None:
        """A problem is done, perhaps with samples that failed."""
        reasons = self._monitor.events.failures.by_reason
        failed = sum(sample.finish_reason in reasons for sample in done.trace)
        self._failed[done.problem.id] = failed

    def again(self) -> frozenset[str]:
        """Problems whose failed samples are to be asked for again; they are no longer wanted."""
        with self._changing:
            found = {name for name in self._wanted if self._failed.get(name)}
            self._wanted.clear()
            return frozenset(found)


def changed_settings(settings: EngineSettings, words: Sequence[str]) -> EngineSettings:
    """The settings with `engine.key=value` changes, as a recipe's are read.

    Raises `UsageError` for what may not change while a run goes on, or has no such value.
    """
    from ttc.recipe.sections import read_sections

    for word in words:
        key, equals, _ = word.partition("=")
        name = key.strip().removeprefix(_SECTION)
        if not equals:
            raise UsageError(f"set {word}: expected engine.KEY=VALUE")
        if not key.strip().startswith(_SECTION):
            if name in LIVE:
                raise UsageError(f"set {word}: did you mean {_SECTION}{word.strip()}?")
            raise UsageError(
                f"set {word}: only keys of engine may change while a run goes on; any other value "
                f"of {key.strip()} makes another run"
            )
        if name in FIXED:
            raise UsageError(f"set {word}: {_SECTION}{name} can't change now: {FIXED[name]}")
        if name not in LIVE:
            known = [_SECTION + key for key in LIVE]
            raise UsageError(f"set {word}: no such key{nearest(_SECTION + name, known)}")
    start = {"engine": settings.model_dump(mode="json")}
    try:
        return read_sections(_Sections, words, start).engine
    except UsageError as error:
        raise UsageError(str(error).replace("--set ", "set ")) from None
