"""What a run under way looks like from outside: counters, rate, budget, time left."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ttc.budget.cost import Unit
from ttc.budget.ledger import Ledger
from ttc.core import Role
from ttc.engine.events import Events
from ttc.engine.failures import Failures
from ttc.pipeline.collect import Attempted
from ttc.redact import redact
from ttc.store.failures import Failure
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import note
from ttc.store.status import Count, RunStatus, Spending, State
from ttc.words import counted

if TYPE_CHECKING:
    from ttc.recipe import Recipe

_WINDOW_S = 30.0
_REST = 20.0


class Monitor:
    """Gathers what a run's displays and its `status.json` show. `status` may be called from any
    thread; everything else belongs to the run's own.
    """

    def __init__(self, recipe: Recipe, run: RunFolder, tries: int = 1) -> None:
        self.recipe = recipe
        self.run = run
        self.events = Events()
        self.ledger: Ledger | None = None
        self.stage = "loading"
        self.doing = ""
        """What is waited for at the moment, in words; empty where the stage says it."""
        self.state: State = "running"
        self.paused = False
        """Whether somebody wants no call to be sent for the moment."""
        self.error = ""
        self.problems = 0
        self._tries = tries
        self._started = datetime.now(UTC)
        self._per_problem = planned(recipe)
        self._finished: Counter[Role] = Counter()
        self._before: dict[Role, int] = {}
        self._fresh_before: Counter[Role] = Counter()
        self._pace = _Pace()
        self._sampled_after: float | None = None
        self._standing = _Standing()

    def sampling(self, ledger: Ledger) -> None:
        """Samples are drawn from now on; `ledger` says what they cost."""
        self.stage, self.ledger = "sampling", ledger
        self._pace = _Pace()

    def sampled(self) -> None:
        """All samples are drawn; the run's time was for that."""
        self.stage = "evaluating"
        self._sampled_after = self.events.seconds

    def stopping(self) -> None:
        """Somebody wants the run to end; it only waits for samples that are under way."""
        if self.stage == "sampling":
            self.stage = "stopping"

    @property
    def _roles(self) -> list[Role]:
        """Those that are planned, then those that turn up."""
        return list(dict.fromkeys([*(self._per_problem or {}), *tuple(self.events.samples)]))

    def kept_by_role(self) -> dict[Role, int]:
        """Distinct samples of the run so far."""
        return {role: self._kept(role) for role in self._roles}

    def _kept(self, role: Role) -> int:
        """A round draws the samples of earlier rounds once more."""
        new = self.events.fresh[role] - self._fresh_before[role]
        return max(self.events.samples[role], self._before.get(role, 0) + new)

    def new_round(self) -> None:
        """All problems are gone through again, with what others left of the budget."""
        rounds = self.ledger.rounds if self.ledger else 1
        note(
            "budget_round",
            f"round {rounds}: what is left goes to problems that ran out",
            round=rounds,
        )
        self._begin_again()

    def asks_again(self, problems: int) -> None:
        """All is gone through once more, since failed samples of some problems are wanted."""
        note(
            "asking_again",
            f"asking again for failed samples of {counted(problems, 'problem')}",
            problems=problems,
        )
        self._begin_again()
        self.events.failures = Failures()

    def _begin_again(self) -> None:
        self._before = self.kept_by_role()
        self._fresh_before = Counter(self.events.fresh)
        self.events.problems_done = 0
        self.events.samples.subtract(Counter(self.events.samples))  # the roles stay
        self._finished = Counter()

    def finished(self, attempt: Attempted) -> None:
        """A problem is done, perhaps with fewer samples than planned."""
        note(
            "problem_finished",
            attempt.problem.id,
            problem_id=attempt.problem.id,
            solutions=sum(s.returned for s in attempt.solutions),
            verifications=len(attempt.verifications),
            classes=len(attempt.classes),
        )
        self._finished.update(attempt.samples)
        self.events.problems_done += 1
        self.events.changed()

    def status(self) -> RunStatus:
        """How far the run is at this moment."""
        events = self.events
        return RunStatus(
            run_id=self.run.run_id,
            recipe_name=self.run.recipe_name,
            shard=self.run.shard,
            state=self.state,
            stage="paused" if self.paused and self.stage == "sampling" else self.stage,
            doing=redact(self.doing),
            pid=os.getpid(),
            started=self._started,
            tries=self._tries,
            round=self.ledger.rounds if self.ledger else 1,
            problems=Count(done=events.problems_done, total=self.problems or None),
            roles={role: self._count(role) for role in self._roles},
            from_journal=self._from_journal(),
            failed_samples=events.failures.samples,
            failures=self.failures(),
            fingerprint_calls=self.ledger.fingerprint.samples if self.ledger else 0,
            retries=events.retries,
            last_retry=redact(events.last_retry),
            tokens_per_second=self._pace.note(events.paid_tokens),
            eta_seconds=self._eta(),
            budget=self._budget(),
            endpoints=endpoint_views(events),
            batches=[dataclasses.asdict(one) for one in tuple(events.batches.values())],
            warnings=[redact(text) for text in events.warnings],
            error=redact(self.error),
        )

    def _count(self, role: Role) -> Count:
        done = self._kept(role)
        if self._per_problem is None or role not in self._per_problem or not self.problems:
            return Count(done=done)
        waiting = self.problems - self.events.problems_done
        most = self._finished[role] + waiting * self._per_problem[role]
        return Count(done=done, total=max(done, most))

    def failures(self) -> dict[str, Failure]:
        """Samples that could not be had so far, by reason."""
        tallies = list(self.events.failures.by_reason.items())
        return {reason: Failure(**dataclasses.asdict(tally)) for reason, tally in tallies}

    def _from_journal(self) -> int:
        """Samples that were there before this try began."""
        fresh = sum(self.events.fresh.values())
        return max(0, sum(self.kept_by_role().values()) - fresh)

    def _eta(self) -> float | None:
        """Seconds until the planned samples are drawn at the present rate, or the tokens spent.

        Samples of methods that don't say how many they draw are left out.
        """
        rate = self._pace.rate
        if self.ledger is None or self.stage != "sampling" or self.paused or rate <= 0:
            return None
        left = 0.0
        for role in self._roles:
            count = self._count(role)
            if count.total is not None:
                left += (count.total - count.done) * self._tokens_each(role)
        tokens = self._budget().get("tokens")
        if tokens is not None and tokens.limit is not None:
            left = min(left, tokens.limit - tokens.spent)
        return max(0.0, left) / rate

    def _tokens_each(self, role: Role) -> float:
        """Mean completion tokens of a sample; of another role before there is one."""
        spent = dict(self.ledger.spent) if self.ledger else {}
        for kind in (role, *spent):
            used = spent.get(kind)
            if used is not None and used.samples:
                return used.completion_tokens / used.samples
        return 0.0

    def _budget(self) -> dict[str, Spending]:
        found: dict[str, Spending] = {}
        if self.ledger is not None:
            found |= {
                unit: Spending(spent=spent, reserved=reserved, limit=limit)
                for unit, (spent, reserved, limit) in self._standing.of(
                    self.ledger, latest=self.state != "running"
                ).items()
                if limit is not None or spent
            }
        seconds = self.recipe.budget.per_run.seconds
        if seconds is not None:
            passed = self.events.seconds if self._sampled_after is None else self._sampled_after
            found["seconds"] = Spending(spent=min(passed, seconds), limit=seconds)
        return found


class _Standing:
    """What a ledger says of the budget, which takes a look at every problem: with a hundred
    thousand of them displays would ask for nothing else, so they get what is not older than twenty
    times what it took.
    """

    def __init__(self) -> None:
        self._known: dict[Unit, tuple[float, float, float | None]] = {}
        self._whose: Ledger | None = None
        self._good_until = 0.0
        self._lock = threading.Lock()

    def of(self, ledger: Ledger, *, latest: bool) -> dict[Unit, tuple[float, float, float | None]]:
        """latest: as it is now, however long that takes."""
        with self._lock:
            began = time.monotonic()
            if latest or ledger is not self._whose or began >= self._good_until:
                self._known, self._whose = ledger.standing(), ledger
                now = time.monotonic()
                self._good_until = now + _REST * (now - began)
            return self._known


class _Pace:
    """Completion tokens a second over the last half minute, from readings of their total."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._readings: deque[tuple[float, float]] = deque([(time.monotonic(), 0.0)])
        self._lock = threading.Lock()

    def note(self, total: float) -> float:
        """Take a reading; the rate since the oldest one that is kept."""
        now = time.monotonic()
        with self._lock:
            if now - self._readings[-1][0] > 0.2:
                self._readings.append((now, total))
            while len(self._readings) > 2 and now - self._readings[0][0] > _WINDOW_S:
                self._readings.popleft()
            since, before = self._readings[0]
            self.rate = (total - before) / max(now - since, 1e-3)
        return self.rate


def planned(recipe: Recipe) -> dict[Role, int] | None:
    """The most samples in each role for one problem; None where a method does not say."""
    sampler = recipe.sampler
    parts = [sampler.most_samples()]
    for verifier in recipe.verifiers:
        given = sampler.most_solutions()
        parts.append(None if given is None else verifier.most_samples(given))
    most: Counter[Role] = Counter()
    for part in parts:
        if part is None:
            return None
        most.update(part)
    return {role: recipe.repeats * n for role, n in most.items()}


def endpoint_states(events: Events) -> dict[str, str]:
    """One word for the state of every endpoint; read after every call, so it must be cheap."""
    endpoints: Mapping[str, Any] = getattr(events, "endpoints", {})
    return {url: str(getattr(state, "state", "")) for url, state in endpoints.items()}


def endpoint_views(events: Events) -> list[dict[str, Any]]:
    """The state of every endpoint as plain data, under the name `url`."""
    endpoints: Mapping[str, Any] = getattr(events, "endpoints", {})
    return [{"url": url, **_plain(state)} for url, state in sorted(endpoints.items())]


def _plain(state: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(state) and not isinstance(state, type):
        return dataclasses.asdict(state)
    return dict(state)
