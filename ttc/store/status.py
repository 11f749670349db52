"""`status.json`: how far a run is, for displays and for `ttc status` in another shell.

It is information only: nothing is resumed from it, so it is renamed into place whole but not
flushed to the disk, which the journal needs more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ttc.redact import redact_all
from ttc.store.failures import Failure
from ttc.store.run_folder import RunFolder
from ttc.visible import visible_json

STATUS_NAME = "status.json"
State = Literal[
    "running",
    "complete",
    "budget",
    "interrupted",
    "failed",
    "killed",
    "imported",
    "simulated",
    "unmerged",
]
"""unmerged: of a run in shards, all of which are done."""


class Count(BaseModel):
    """How many of how many; `total` is None where nobody knows, and falls as problems run out."""

    done: int = 0
    total: int | None = None


class Spending(BaseModel):
    """One unit of the budget. `limit` is what problems and run together may use, None without."""

    spent: float = 0.0
    reserved: float = 0.0
    limit: float | None = None

    @property
    def left(self) -> float | None:
        """What is neither spent nor reserved."""
        return None if self.limit is None else max(0.0, self.limit - self.spent - self.reserved)


class ShardState(BaseModel):
    """How a shard of a run stands: a state of runs, or missing. Counts of problems and samples."""

    shard: str
    state: str
    alive: bool = False
    problems: Count = Count()
    samples: int = 0
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether it ended as planned."""
        return self.state in ("complete", "budget")


class RunStatus(BaseModel):
    """A moment of a run. Rates are in completion tokens a second, durations in seconds."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    recipe_name: str
    shard: str = Field(default="", description="Of a part of a run's problems: 03-of-16.")
    state: State = "running"
    stage: str = Field(
        default="",
        description="loading, connecting, sampling, paused, stopping or evaluating; shards, where "
        "the run is there in shards only.",
    )
    doing: str = Field(default="", description="What is waited for, while that has a name.")
    pid: int | None = None
    started: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    updated: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    tries: int = 1
    round: int = 1
    problems: Count = Count()
    roles: dict[str, Count] = Field(default_factory=dict, description="Samples, by role.")
    from_journal: int = Field(default=0, description="Samples that were paid for before.")
    failed_samples: int = 0
    failures: dict[str, Failure] = Field(default_factory=dict, description="By reason.")
    fingerprint_calls: int = Field(default=0, description="Sent to tell which models are served.")
    retries: int = 0
    last_retry: str = ""
    tokens_per_second: float = Field(default=0.0, description="Over the last half minute.")
    eta_seconds: float | None = None
    budget: dict[str, Spending] = Field(default_factory=dict)
    endpoints: list[dict[str, Any]] = Field(default_factory=list)
    batches: list[dict[str, Any]] = Field(
        default_factory=list, description="Those that wait at a provider."
    )
    warnings: list[str] = Field(default_factory=list)
    error: str = ""
    shards: list[ShardState] = Field(default_factory=list, description="Of a run that has any.")

    @model_validator(mode="before")
    @classmethod
    def _of_two_kinds(cls, data: Any) -> Any:
        """Until 0.1 there were two counts in place of roles."""
        if isinstance(data, dict) and "roles" not in data and "solutions" in data:
            old = {"solver": data["solutions"], "verifier": data.get("verifications")}
            data = data | {"roles": {role: count for role, count in old.items() if count}}
        return data

    @property
    def samples(self) -> int:
        """Of all roles."""
        return sum(count.done for count in self.roles.values())

    @property
    def seconds(self) -> float:
        """From the start of this try to this moment."""
        return (self.updated - self.started).total_seconds()


def write_status(run: RunFolder, status: RunStatus) -> None:
    """Put the status in place of the last one; a full disk costs the status, not the run."""
    path = run.path / STATUS_NAME
    temporary = path.with_name(f".{STATUS_NAME}.{os.getpid()}.part")
    plain = RunStatus.model_validate(redact_all(status.model_dump()))
    with suppress(OSError):
        try:
            text = visible_json(plain.model_dump_json(indent=1))
            temporary.write_text(text + "\n", encoding="utf-8")
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def read_status(path: Path) -> RunStatus | None:
    """The status at a path; None where there is none, or none that this version can read."""
    try:
        return RunStatus.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
