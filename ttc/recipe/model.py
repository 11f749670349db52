"""The recipe: a validated composition of parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from ttc.analysis.settings import SCORING, InvalidVerdict, VerificationDraws
from ttc.answers import AnswerRule
from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.engine.settings import EngineSettings
from ttc.refs import BackendRef, DatasetRef, PolicyRef, SamplerRef, VerifierRef
from ttc.registry import MethodPart, Part, Path, models_of, walk
from ttc.words import FOLDER_NAME

FolderName = Annotated[str, Field(pattern=f"^{FOLDER_NAME}$", max_length=100)]
POWERS = "powers_of_two"


def _ascending(value: Any) -> Any:
    return sorted(set(value)) if isinstance(value, list) and _whole(value) else value


def _whole(values: list[Any]) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in values)


Steps = Annotated[
    Literal["powers_of_two"]
    | Annotated[tuple[Annotated[int, Field(ge=1, lt=2**31)], ...], Field(min_length=1)],
    BeforeValidator(_ascending, json_schema_input_type=Literal["powers_of_two"] | list[int]),
]


class Grid(BaseModel):
    """The numbers of solutions and verifications at which policies are evaluated, from one pool."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    solutions: Steps = "powers_of_two"
    """S: powers_of_two (1, 2, 4 ... up to the pool's solutions), or a list."""
    verifications: Steps = "powers_of_two"
    """V: powers_of_two (1, 2, 4 ... up to the pool's verifications), or a list."""
    verification_draws: VerificationDraws = "random"
    """Which V of a solution's verifications: random subsets, or the first V (arXiv 2504.01005)."""
    invalid_verdict: InvalidVerdict = "dropped"
    """What a verification without a verdict counts in a mean score: dropped, zero or half."""

    tuning_problems: Literal["refuse", "left_out"] = "refuse"
    """Where a policy is tuned on some of these problems (its `tuned`): refuse to report, or leave
    these problems out, for all policies alike."""

    @property
    def scoring(self) -> dict[str, str]:
        """How scores are formed, by the names of `EstimatorSettings`."""
        return {name: getattr(self, name) for name in SCORING}


_UNTOLD: Any = object()
"""What was left out, which `null` does not mean."""


class Recipe(BaseModel):
    """A recipe of `ttc`: what to sample, from which model, and how to verify and select."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        # So that checks across parts see the defaults too; see `_remember`.
        validate_default=True,
    )
    name: FolderName
    """Folder of the results; the recipe file's name where none is given."""
    description: str = ""
    """One line that `ttc recipes` shows."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Everything random follows from it."""
    dataset: DatasetRef
    """The problems."""
    backend: BackendRef = Field(default="nano")  # type: ignore[assignment]
    """The model that solves, and verifies where a verifier names none of its own."""
    sampler: SamplerRef = Field(default="independent")  # type: ignore[assignment]
    """How solutions are drawn."""
    repeats: int = Field(default=1, ge=1, le=10_000)
    """Attempts at each problem by a sampler that gives one answer: how much that varies. They share
    the problem's budget."""
    verifiers: tuple[VerifierRef, ...] = ()
    """How solutions are verified; may be empty."""
    answers: AnswerRule = Field(default_factory=lambda: _UNTOLD)
    """How answers are read and compared; what is not given here is the dataset's."""
    policies: Annotated[tuple[PolicyRef, ...], Field(min_length=1)] = Field(
        default_factory=lambda: _UNTOLD
    )
    """How one answer is chosen; by default first, majority and oracle, and what the verifiers are
    for, such as best_of_n, weighted_majority and pessimistic."""
    grid: Grid = Grid()
    """At how many solutions and verifications success is evaluated."""
    budget: BudgetConfig = BudgetConfig()
    """What may be spent."""
    cost: CostConfig = CostConfig()
    """How tokens become FLOPs and money."""
    engine: EngineSettings = EngineSettings()
    """How hard the backends are driven; changes the speed, never the results."""
    results: str = Field(default="results", min_length=1)
    """Folder in which the results are kept."""

    @field_validator("answers", mode="wrap")
    @classmethod
    def _over_the_datasets(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> AnswerRule:
        dataset = info.data.get("dataset")
        default = dataset.default_answers if dataset is not None else AnswerRule()
        if value is _UNTOLD:
            return default
        given: AnswerRule = handler(value)
        # Not `model_copy`, which would copy the cached comparison along.
        return AnswerRule.model_validate(
            default.model_dump() | given.model_dump(exclude_unset=True)
        )

    @field_validator("policies", mode="wrap")
    @classmethod
    def _usual(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        """Where none are named, what the verifiers are for, between what is chosen without any."""
        if value is _UNTOLD:
            reading = [name for one in info.data.get("verifiers", ()) for name in one.read_by]
            return handler(tuple(dict.fromkeys(("first", "majority", *reading, "oracle"))))
        return handler(value)

    @field_validator("*", mode="after")
    @classmethod
    def _remember(cls, value: Any, info: ValidationInfo) -> Any:
        """Keep what is valid by itself, so that checks across parts run beside other faults."""
        if info.context is not None:
            info.context[info.field_name] = value
        return value

    @property
    def answer_rule(self) -> AnswerRule:
        """How answers are read and compared, the dataset's defaults included."""
        return self.answers

    @property
    def prompt(self) -> str:
        """The solution prompt: the sampler's, else the dataset's."""
        return getattr(self.sampler, "prompt", None) or self.dataset.default_prompt

    def methods(self) -> Iterator[tuple[Path, MethodPart, Path | None]]:
        """The sampler, the verifiers and all methods inside them, as `walk` has them.

        Paths are those of the recipe: `sampler`, `verifiers` 0, `sampler` `critic`.
        """
        yield from walk(self.sampler, ("sampler",))
        for i, verifier in enumerate(self.verifiers):
            yield from walk(verifier, ("verifiers", i))

    def backends(self) -> Iterator[Part]:
        """The recipe's model, and those that its methods name."""
        yield self.backend
        for _, part, _ in self.methods():
            yield from models_of(part).values()

    @property
    def solutions(self) -> int | None:
        """The most solutions per problem; None where the sampler does not say."""
        return self.sampler.most_solutions()

    @property
    def verifications(self) -> int:
        """The most verifications of one solution by one verifier; 0 without verifiers."""
        return max((getattr(v, "verifications", 1) for v in self.verifiers), default=0)

    def grid_solutions(self) -> tuple[int, ...]:
        """S values, ascending."""
        return _steps(self.grid.solutions, self.solutions or 1)

    def grid_verifications(self) -> tuple[int, ...]:
        """V values, ascending; empty without verifiers."""
        return _steps(self.grid.verifications, self.verifications) if self.verifiers else ()


def _steps(steps: str | tuple[int, ...], most: int) -> tuple[int, ...]:
    if isinstance(steps, str):
        return tuple(2**i for i in range(most.bit_length()))
    return tuple(steps)
