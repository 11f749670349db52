"""`manifest.json`: what a run was, so that its tables can be judged and repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

import ttc
from ttc.core import ModelIdentity, Problem
from ttc.errors import DataError
from ttc.redact import redact_all
from ttc.store.atomic import reason, write_text
from ttc.store.failures import Failure
from ttc.store.provenance import git_commit, git_dirty, host_facts, package_versions
from ttc.store.shapes import SHAPES
from ttc.visible import visible_json

MANIFEST_FORMAT = 1
_KIND: Literal["ttc run"] = "ttc run"

Status = Literal["complete", "budget", "interrupted", "imported", "simulated"]
TryStatus = Literal["running", "complete", "budget", "interrupted", "failed", "killed"]


class Choices(BaseModel):
    """Conventions that change the figures (methods.md section 9); a null was not needed.

    Further keys are kept, since methods bring choices of their own.
    """

    model_config = ConfigDict(extra="allow")

    lambda_by_verifier: dict[str, float] = Field(
        default_factory=dict, description="Tokens per verification over tokens per solution."
    )
    lambda_source: str | None = Field(default=None, description="measured or configured.")
    score_mode: str | None = Field(default=None, description="binary, logprob or hybrid.")
    invalid_verdicts: str | None = Field(
        default=None, description="How they enter a solution's mean score: dropped, zero or half."
    )
    verification_draws: str | None = Field(
        default=None, description="Which V of a solution's verifications: random or first."
    )
    ties: str | None = Field(default=None, description="random_averaged or first_seen.")
    resampling: str | None = Field(
        default=None, description="without_replacement or with_replacement."
    )
    flops: str | None = Field(
        default=None, description="Convention: simple (2P per token) or detailed."
    )
    prompt_counting: str | None = Field(
        default=None, description="per_sample, once_per_request or once_per_prompt."
    )
    rates: dict[str, Any] = Field(
        default_factory=dict, description="FLOPs and USD by token, of the model in each role."
    )
    problems_left_out: str | None = Field(
        default=None, description="Which problems the curves are not about."
    )
    wasted_tokens: str | None = Field(
        default=None, description="Stopped and draft tokens: included or not."
    )
    tuning: str | None = Field(
        default=None,
        description="Problems on which thresholds and alphas were chosen: none or held_out.",
    )
    token_counts: str | None = Field(
        default=None, description="measured, given (with imported data), estimated or mixed."
    )


class Model(BaseModel):
    """A model as it identified itself; never holds a key."""

    model_config = ConfigDict(extra="ignore")

    backend: str
    model: str
    endpoint: str = ""
    revision: str = ""
    facts: dict[str, Any] = Field(default_factory=dict)
    variant: str = Field(default="", description="Digest of request fields added or left out.")
    served_as: str = Field(default="", description="The recipe's name for it at any address.")
    fingerprints: list[dict[str, Any]] = Field(
        default_factory=list,
        description="Of a served model whose samples the journal has under this name: logprobs "
        "(nats) of first tokens after fixed prompts. Several: it was not always the same model.",
    )
    warning: str = Field(default="", description="Where it was not always the same model.")

    @classmethod
    def of(cls, identity: ModelIdentity) -> Model:
        """The entry for an identity."""
        return cls(**asdict(identity) | {"facts": dict(identity.facts)})


class ShardNote(BaseModel):
    """Which part of a run's problems a folder has, where that is not all of them."""

    model_config = ConfigDict(extra="ignore")

    number: int = Field(ge=1, description="From 1.")
    of: int = Field(ge=1, description="How many shards the run has.")
    problems: int = Field(ge=0, description="Of the whole run.")


class MergeNote(BaseModel):
    """Of what shards a run was made, and what they left of its budget."""

    model_config = ConfigDict(extra="ignore")

    shards: dict[str, str] = Field(
        default_factory=dict, description="By 3/16: SHA-256 of what is in the shard's tables."
    )
    billed: dict[str, float] = Field(
        default_factory=dict, description="All shards, over all their tries, by unit."
    )
    left: dict[str, float] = Field(
        default_factory=dict, description="Of the run's limits, what shards did not use."
    )
    wanting: int = Field(default=0, description="Problems that would take more of that.")
    second_pass: bool = Field(
        default=False, description="Whether running the recipe would deal out what is left."
    )


class Plugin(BaseModel):
    """Code of a part that is not ttc's own."""

    model_config = ConfigDict(extra="ignore")

    digest: str = Field(default="", description="SHA-256 of its files' names and content.")
    version: str = Field(default="", description="Of its distribution, where it has one.")


class Try(BaseModel):
    """One process that worked on the run; a run that was stopped and went on has several."""

    model_config = ConfigDict(extra="ignore")

    started: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    ended: AwareDatetime | None = None
    status: TryStatus = Field(default="running", description="killed: it left no word of its end.")
    error: str = Field(default="", description="Why it failed, in one line.")
    ttc_version: str = ttc.__version__
    git_commit: str | None = None
    git_dirty: bool | None = None
    host: dict[str, str | int | float] = Field(default_factory=lambda: host_facts())
    shard: str = Field(default="", description="That it worked on, where not on the whole: 3/16.")


class Manifest(BaseModel):
    """Everything about a run that is not in its tables. Times are UTC, durations in seconds."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["ttc run"] = _KIND
    format: int = MANIFEST_FORMAT
    ttc_version: str = ttc.__version__
    recipe_name: str
    recipe: dict[str, Any] = Field(default_factory=dict, description="Resolved, defaults included.")
    recipe_hash: str = ""
    run_id: str
    seed: int | None = None
    identity: str = Field(
        default="",
        description="SHA-256 of what determines the results but the seed; run ids begin with it.",
    )
    shard: ShardNote | None = Field(
        default=None, description="Of a part of a run's problems; null for a whole run."
    )
    merged: MergeNote | None = Field(
        default=None, description="Of a run that was made of shards; else null."
    )
    dataset: str = Field(
        default="", description="What the problems are; runs are pooled only if equal."
    )
    models: dict[str, Model] = Field(
        default_factory=dict, description="By their name in the recipe."
    )
    plugins: dict[str, Plugin] = Field(
        default_factory=dict,
        description="By package or module: the code of parts that are not ttc's own.",
    )
    versions: dict[str, str] = Field(default_factory=lambda: package_versions())
    host: dict[str, str | int | float] = Field(default_factory=lambda: host_facts())
    git_commit: str | None = Field(
        default_factory=lambda: git_commit(), description="Checked out in the working directory."
    )
    git_dirty: bool | None = Field(
        default_factory=lambda: git_dirty(),
        description="Whether tracked files differed from that commit; null without git.",
    )
    started: AwareDatetime = Field(
        default_factory=lambda: datetime.now(UTC), description="Start of the first try."
    )
    ended: AwareDatetime | None = Field(default=None, description="End of the last try.")
    tries: list[Try] = Field(default_factory=list, description="Start and end of every try.")
    status: Status = "interrupted"
    note: str = Field(
        default="", description="For people: why a run ended early, where data came from."
    )
    ledger: dict[str, Any] = Field(default_factory=dict)
    failures: dict[str, Failure] = Field(
        default_factory=dict, description="Samples that could not be had, by reason."
    )
    timing: dict[str, float] = Field(default_factory=dict, description="Seconds by stage.")
    tables: dict[str, str] = Field(
        default_factory=dict,
        description="SHA-256 of each table's size and content (beyond 64 MiB: of both ends).",
    )
    choices: Choices = Field(default_factory=lambda: Choices())
    source: dict[str, Any] = Field(
        default_factory=dict, description="Of imported or simulated data."
    )
    evaluation: dict[str, Any] = Field(
        default_factory=dict, description="Which problems the curves are about, and which not."
    )

    @property
    def code(self) -> dict[str, str]:
        """The digests of `plugins`, or their versions where nothing could be read."""
        return {name: one.digest or one.version for name, one in self.plugins.items()}

    @property
    def second_pass(self) -> bool:
        """Whether shards left of the run's budget what running the recipe would deal out."""
        return self.merged is not None and self.merged.second_pass

    def used(self, role: str) -> dict[str, Any]:
        """What was used in a role; empty where nothing was. Until 0.1 there were two, otherwise
        named.
        """
        return dict(self.roles.get(role, {}))

    @property
    def roles(self) -> dict[str, dict[str, Any]]:
        """`used` of every role."""
        old = {"solver": "solution", "verifier": "verification"}
        before = {role: self.ledger[name] for role, name in old.items() if self.ledger.get(name)}
        return before | dict(self.ledger.get("roles", {}))

    def write(self, path: Path) -> None:
        """Write as JSON, atomically, without anything that is known to be a key or a password."""
        plain = redact_all(json.loads(self.model_dump_json()))
        text = visible_json(json.dumps(plain, indent=2, ensure_ascii=False))
        write_text(path, text + "\n")

    def begin_try(self, earlier: Manifest | None = None) -> Try:
        """Note that a try begins; the tries and the start of an earlier manifest are kept."""
        if earlier is not None:
            self.started = min(self.started, earlier.started)
            self.tries = [_closed(old) for old in earlier.tries]
            if earlier.merged is not None:
                self.merged = earlier.merged.model_copy(update={"second_pass": False})
        begun = Try(git_commit=self.git_commit, git_dirty=self.git_dirty, host=self.host)
        if self.shard is not None:
            begun.shard = f"{self.shard.number}/{self.shard.of}"
        self.tries.append(begun)
        return begun

    def end_try(self, status: TryStatus, error: str = "") -> None:
        """Note how the last try ended, now."""
        last = self.tries[-1]
        last.status, last.error = status, error
        last.ended = self.ended = datetime.now(UTC)


def _closed(old: Try) -> Try:
    return old.model_copy(update={"status": "killed"}) if old.status == "running" else old


class Damaged(DataError):
    """A manifest that was once ours and can't be read any more; running its recipe mends it."""


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`. Unknown keys are dropped, so that small additions don't break it.

    Raises `DataError` for a file that is missing, of another program or of a newer format, and
    `Damaged` for one that is not JSON or lacks what it must hold.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path.parent} is no run: it has no {path.name}") from error
    except OSError as error:
        raise DataError(f"can't read {path}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path} is damaged: not JSON ({error})") from error
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise DataError(f"{path} was not written by ttc")
    _check_format(path, content.get("format"))
    known = {key: value for key, value in content.items() if key in Manifest.model_fields}
    at = ""
    try:
        manifest = Manifest.model_validate(known)
        for at, shape in SHAPES.items():
            shape.model_validate(getattr(manifest, at))
        at = "a text"
        json.dumps(content, ensure_ascii=False).encode()
    except ValidationError as error:
        where = f"{at}." if at else ""
        raise Damaged(f"{path} is damaged: {where}{_first_problem(error)}") from error
    except (ValueError, RecursionError) as error:  # half a character, or too deep
        raise Damaged(f"{path} is damaged: {at}: {type(error).__name__}") from error
    return manifest


def _check_format(path: Path, found: Any) -> None:
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise Damaged(f"{path} is damaged: format is {found!r}")
    if found > MANIFEST_FORMAT:
        raise DataError(
            f"{path} has format {found}, newer than this ttc {ttc.__version__} reads "
            f"({MANIFEST_FORMAT}); update ttc"
        )


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg'].lower()}"


def hash_recipe(resolved: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a resolved recipe, independent of the order of its keys."""
    text = json.dumps(resolved, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def dataset_hash(problems: Iterable[Problem]) -> str:
    """SHA-256 (hex) of ids, questions and gold answers; equal for runs of the same problems."""
    return hash_recipe({"problems": [[p.id, p.question, p.answer] for p in problems]})
