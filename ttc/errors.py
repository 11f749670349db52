"""Errors that teach: one base class; the CLI prints the message and exits with `exit_code`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

AT_PROBLEM = "at problem "
"""How a note on an error begins that says at which problem it arose."""


@contextmanager
def at_problem(problem: str) -> Iterator[None]:
    """Note on whatever the block raises at which problem, by its id: the code may be anybody's."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{AT_PROBLEM}{problem!r:.80}")
        raise


class TtcError(Exception):
    """Anything a user can be told in one sentence: what is wrong, where, and how to mend it."""

    exit_code = 1


class UsageError(TtcError):
    """The command line or a recipe is wrong; nothing was run."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe does not validate; the message names file, line and key."""


class Busy(TtcError):
    """Another process does this now; who only wants it done may try again later."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class DataError(TtcError):
    """A dataset, a run folder or an imported file does not hold what it should."""


class MissingExtra(TtcError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        from ttc.installing import with_extra

        super().__init__(f"{feature} needs an extra: {with_extra(extra)}")


class PluginError(TtcError):
    """Code of a plug-in failed, or gave what it must not; the message names whose it is."""


class PluginMisuse(UsageError, PluginError):
    """Code of a plug-in asked ttc for what it must not; the message names whose, and where."""


class BackendError(TtcError):
    """A call to a model failed for good, and every further call would fail the same way.

    Wrong key, unknown model, unreachable server: the run stops with the cause and the fix.

    `refused` is the HTTP status where a server would not do what it was asked for without saying
    that this is the prompt's: it may be, and who can ask it something else finds out. `billed`: it
    may have cost the most it could, because it was sent and nobody knows how it ended, or because
    the server's answer is one that it bills. `used` are the prompt and completion tokens that the
    server reported with it, where it did.
    """

    billed = False
    used: tuple[int, int] | None = None

    def __init__(self, message: str, *, refused: int | None = None) -> None:
        super().__init__(message)
        self.refused = refused


class CallFailed(BackendError):
    """A single call can't succeed (context too long, content filter); the run goes on without it.

    `reason` is a short slug that becomes the finish reason in the tables.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


Trouble = Literal["throttled", "overloaded", "broken"]


class RetryableError(BackendError):
    """The call may succeed later (429, 5xx, time-out, broken connection).

    `retry_after` is the server's wish in seconds, where it gave one. `trouble` is what it says of
    the server: "throttled" (well, but wants fewer calls), "overloaded" (too busy to answer in time
    or at all) or "broken" (anything else). `unreadable`: a reply came, but not one that holds what
    was asked for.
    """

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        trouble: Trouble = "broken",
        *,
        billed: bool = False,
        unreadable: bool = False,
    ) -> None:
        super().__init__(message)
        self.billed = billed
        self.unreadable = unreadable
        self.retry_after = retry_after
        self.trouble = trouble


class BudgetExhausted(TtcError):
    """The next call could pass the budget; it was not sent."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, or another signal, in work that says what is kept and how to go on by its message."""

    def __init__(self, message: str, signal: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal
