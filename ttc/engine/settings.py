"""How hard the engine may push a model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ttc.core import Isolation

_EVER_S = 1e9


class EngineSettings(BaseModel):
    """Concurrency, rates, time-outs and retries; they change a run's speed, never its results."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    concurrency: int = Field(default=64, ge=1, le=1_000_000)
    """Most calls in flight for each server, or for each model in this process. Servers get fewer
    while they refuse, time out, or answer no faster for having more."""
    requests_per_minute: int | None = Field(default=None, ge=1, lt=2**53)
    """Most calls sent to each server in a minute."""
    tokens_per_minute: int | None = Field(default=None, ge=1, lt=2**53)
    """Most prompt and completion tokens asked of each server in a minute; a call counts with its
    max_tokens until its real use is known."""
    n_per_call: int = Field(default=256, ge=1, le=1_000_000)
    """Most samples asked for in one call, where the backend can give several."""
    problems_in_flight: int = Field(default=8, ge=1, le=1_000_000)
    """Problems worked on at a time; in batch mode all are."""
    timeout_s: float = Field(default=600, gt=0, le=1e9)
    """Longest wait for one call, in seconds; a backend's own time-outs may be shorter."""
    max_attempts: int = Field(default=10, ge=1, le=1_000_000)
    """Tries of one call before the run stops."""
    max_wait_s: float = Field(default=60, gt=0, le=1e9)
    """Longest pause before a new try, in seconds; a server's Retry-After may be longer."""
    max_total_s: float = Field(default=1800, gt=0, le=1e9)
    """Longest time for all tries of one call and the pauses between them, in seconds, before the
    run stops."""
    finish_s: float = Field(default=20, ge=0, le=1e9)
    """Longest wait, in seconds, for calls under way after Ctrl-C, because they are paid for. After
    an error that ends the run it is 5 seconds or less."""
    breaker_failures: int = Field(default=8, ge=1, le=1_000_000)
    """Failures in a row after which a server gets no calls but a trial from time to time."""
    max_outage_s: float = Field(default=300, gt=0, le=1e9)
    """Longest wait, in seconds, for a server that is down or asks for a pause, while no other can
    take its place; then the run stops."""
    give_up: Literal["stop", "record"] = "stop"
    """What to do about a call that fails max_attempts times: stop the run, or record its samples as
    failed (gave_up) and go on. They are recorded only if the server answers other calls meanwhile,
    or else one that is sent to see just that; a server that is down stops the run all the same.
    Replies that can't be read are always recorded so: there the server has answered."""
    retry_failed: bool = False
    """Whether samples that an earlier run recorded as failed are asked for again, also those of a
    run that is complete. Otherwise they stay failed, as no other answer is expected."""
    isolation: Isolation | None = None
    """How programs that models write are shut in; by default the strongest way that this machine
    has, and none where it has none that holds. `ttc doctor sandbox` tries them."""
    journal: str | None = Field(default=None, min_length=1)
    """File that keeps all samples, on a disk of this host; by default `journal.sqlite` in the
    folder of results, which all runs there share. Shards whose results lie on a network file system
    keep one each, beside their tables."""
    fingerprint: bool = True
    """Whether the first reply of a served model is followed by a few calls of one token each
    (mostly 8 for each server), whose logprobs tell when another model is served. Where problems may
    want all of the run's budget, they are sent at its end, if it has room for what they may
    cost."""

    @field_validator("journal")
    @classmethod
    def _as_it_is(cls, value: str | None) -> str | None:
        if value is not None and ("$" in value or value.startswith("~")):
            raise ValueError(
                "recipes know no variables; give it to the command, whose words the shell expands: "
                '--journal "$TMPDIR/journal.sqlite"'
            )
        return value


def without_haste(settings: EngineSettings) -> EngineSettings:
    """For calls that wait in batches: without limits of time and number, which are the provider's.

    What failed is asked for again at once, so that it travels in one batch with others.
    """
    return settings.model_copy(
        update={
            "concurrency": 1_000_000,
            "timeout_s": _EVER_S,
            "max_total_s": _EVER_S,
            "max_wait_s": 0.01,
        }
    )
