"""The answer rule of a recipe: how answers are read, and when two are the same."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from ttc.answers.extraction import (
    EXTRACTORS,
    Extractor,
    ExtractorName,
    by_pattern,
    first_match,
    patch,
)

if TYPE_CHECKING:
    from ttc.answers.classes import AnswerClasses
    from ttc.answers.equivalence import Rule

MAX_PATTERN_CHARS = 1000


class RegexExtractor(BaseModel):
    """A pattern with one group, which is the answer at the pattern's last match."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    regex: str = Field(min_length=1, max_length=MAX_PATTERN_CHARS)

    @field_validator("regex")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        import regex  # type: ignore[import-untyped]

        try:
            groups = regex.compile(pattern).groups
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"needs exactly one (group), has {groups}; use (?:...) for others")
        return pattern


class ToleranceConfig(BaseModel):
    """How far apart numbers may be: |a - b| <= max(absolute, relative * max(|a|, |b|))."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    relative: float = Field(default=1e-6, ge=0, lt=1)
    absolute: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    integers: bool = False
    """Also between two integers, which otherwise must be equal."""


Extractors = Annotated[tuple[ExtractorName | RegexExtractor, ...], Field(min_length=1)]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict | RegexExtractor) else value


def _tolerance(value: Any) -> Any:
    return {"relative": value} if isinstance(value, int | float) else value


class AnswerRule(BaseModel):
    """How answers are extracted from solutions and compared with each other and with gold."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        populate_by_name=True,  # `extract` in recipes; in Python that is the method
        serialize_by_alias=True,
    )

    extractors: Annotated[
        Extractors,
        Field(alias="extract"),
        BeforeValidator(
            _listed, json_schema_input_type=ExtractorName | RegexExtractor | Extractors
        ),
    ] = ("boxed", "final_answer", "last_number")
    """Recipe key `extract`: in order, the first that finds an answer wins; `{regex: '= (.*)'}`.
    patch: a program, or a line of the one in the metadata `program` written anew."""
    equivalence: Literal["math", "science", "numeric", "string", "choice", "code", "scored"] = (
        "math"
    )
    """math: LaTeX, by structure and value; science: that, with units, significant figures and
    constants; numeric: within `tolerance`; string: spelling; choice: A-J; code: programs, right
    where the unit tests that are the gold answer pass in the sandbox; scored: by the checker that
    the gold answer names, as data sets with checkers of their own make it."""
    tolerance: Annotated[
        ToleranceConfig,
        BeforeValidator(_tolerance, json_schema_input_type=float | ToleranceConfig),
    ] = ToleranceConfig()
    """For numbers under `math` and `numeric`; a bare number is the relative tolerance."""
    time_limit_s: float = Field(default=5.0, gt=0, le=600)
    """Limit of one look at one hostile answer or text, or of one unit test; what is late is
    equivalent to nothing."""

    def extract(self, text: str, metadata: Mapping[str, Any] | None = None) -> str | None:
        """The answer in a solution's text (after its thinking block), or None.

        metadata: the problem's, where a solution may be a patch of a program in it.
        """
        chain = self._chain
        if metadata and "patch" in self.extractors:
            chain = tuple(
                patch(metadata) if part == "patch" else one
                for part, one in zip(self.extractors, chain, strict=True)
            )
        return first_match(text, chain, self.reads, self.equivalence != "numeric")

    def equivalent(self, a: str | None, b: str | None) -> bool:
        """Whether two answers count as the same; symmetric; a missing answer equals nothing."""
        if a is None or b is None or not a.strip() or not b.strip():
            return False
        return self.comparison.same(self.comparison.form(a), self.comparison.form(b))

    def classify(self, answers: Sequence[str | None], gold: str | None) -> "AnswerClasses":
        """Answer classes of one problem, for voting and grading."""
        if self.equivalence == "code" and gold is not None:
            from ttc.answers.programs import program_classes

            return program_classes(answers, gold, self.time_limit_s)
        if self.equivalence == "scored" and gold is not None:
            from ttc.answers.scored import scored_classes

            return scored_classes(answers, gold, self.time_limit_s)
        from ttc.answers.classes import answer_classes

        return answer_classes(answers, gold, self.comparison)

    def classify_many(
        self, problems: Iterable[tuple[Sequence[str | None], str | None]], n_jobs: int = 1
    ) -> "list[AnswerClasses]":
        """`classify` for many problems, given as (answers, gold)."""
        from ttc.answers.classes import classify_many

        if self.equivalence in ("code", "scored"):  # the sandbox uses all cores by itself
            return [self.classify(answers, gold) for answers, gold in problems]
        return classify_many(problems, self.comparison, n_jobs)

    @cached_property
    def comparison(self) -> "Rule":
        """The equivalence as an object."""
        from ttc.answers import equivalence as e
        from ttc.answers.tolerance import Tolerance

        tolerance = Tolerance(**self.tolerance.model_dump())
        match self.equivalence:
            case "math":
                return e.MathRule(tolerance, self.time_limit_s)
            case "numeric":
                return e.NumericRule(tolerance)
            case "science":
                from ttc.answers.science import ScienceRule

                return ScienceRule(tolerance, self.time_limit_s)
            case "string" | "scored":
                return e.string_rule()
            case "choice":
                return e.choice_rule()
            case "code":
                from ttc.answers.programs import spelled

                return e.KeyRule(spelled)

    def reads(self, answer: str) -> bool:
        """Whether this rule can read an answer as one of its own kind."""
        from ttc.answers.choice import as_choice
        from ttc.answers.equivalence import is_number
        from ttc.answers.structure import is_value

        match self.equivalence:
            case "math" | "science":
                return is_value(answer)
            case "numeric":
                return is_number(answer)
            case "choice":
                return as_choice(answer) is not None
            case "string" | "code" | "scored":
                return True

    @cached_property
    def _chain(self) -> tuple[Extractor, ...]:
        return tuple(
            by_pattern(part.regex, self.time_limit_s)
            if isinstance(part, RegexExtractor)
            else EXTRACTORS[part]
            for part in self.extractors
        )
