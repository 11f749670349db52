"""Unit tests in the sandbox, given and generated; dual execution agreement (arXiv 2207.10397)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    Role,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.errors import DataError
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.thinking import after_thinking
from ttc.unit_tests.asking import run_programs, run_script
from ttc.unit_tests.generated import dual_agreement, pairs_in
from ttc.unit_tests.given import given_tests
from ttc.unit_tests.patches import PROGRAM, program_in
from ttc.unit_tests.running import Result, Test
from ttc.verifiers import VerifierPart
from ttc.verifiers.turns import whole_first


@register
class Code(VerifierPart):
    """Unit tests of the program in a solution, given or generated (arXiv 2207.10397).

    Tests of the problem's metadata are public: methods see them. Hidden ones are the gold answer
    of `answers: {equivalence: code}`. With `script`, the solution's text is tested instead.
    """

    executes: ClassVar[bool] = True
    later: ClassVar[frozenset[str]] = frozenset({"program"})
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"entry_point"})
    }
    waves: ClassVar[int | None] = 1

    type: Literal["code"] = "code"
    tests: str = Field(default="tests", max_length=200)
    """Metadata with the tests: pieces of Python, or [arguments, value] of calls."""
    entry_point: str = Field(default="entry_point", max_length=200)
    """Metadata with the name of the function that is called."""
    program: str = Field(default=PROGRAM, max_length=200)
    """Metadata with the program that a solution may be a patch of: the number of a line and its new
    text."""
    prefix: str = Field(default="", max_length=200)
    """Metadata with what stands before each program, such as imports."""
    script: str = Field(default="", max_length=100_000)
    """Python whose functions `test_*` are called with each solution's text and the question; it
    runs in the sandbox, too."""
    generated: int = Field(default=0, ge=0, le=10_000)
    """Texts with tests that the model is asked for."""
    prompt: str = "unit-tests"
    """Prompt template for them, with {{ question }} and {{ entry_point }}: a shipped name or a
    file."""
    temperature: float = Field(default=0.8, ge=0, le=1000)
    """Sampling temperature of generated tests."""
    max_tokens: int = Field(default=1024, ge=1, le=100_000_000)
    """Longest text with generated tests, in tokens."""
    score: Literal["share", "all", "agreement"] = "share"
    """share: of tests that pass; all: 1 if all do; agreement: programs that pass the same tests,
    times these tests, by all programs times all tests."""
    time_s: float = Field(default=4.0, gt=0, le=600)
    """Longest time of a test, in seconds."""
    memory_mib: int = Field(default=1024, ge=16, le=1 << 20)
    """Memory of a program, in MiB."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.script and (self.generated or self.score == "agreement"):
            raise ValueError("a script tests texts; `generated` and `agreement` are of programs")
        return self

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        asked = {"verifier": self.generated} if self.generated else {}
        return {**asked, "program": 1 if self.script else solutions}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        if not self.generated:
            return ()
        stop, longest = load_prompt(self.prompt).stop, self.max_tokens
        return (SamplingParams(temperature=self.temperature, max_tokens=longest, stop=stop),)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        texts = [after_thinking(solution.text) or "" for solution in solutions]
        if self.script:
            results = await run_script(attempt, self.script, texts, self.time_s)
            return self._judged(solutions, results, ())
        written = await self._written(attempt)
        tests = self._tests(attempt, written)
        prefix = str(attempt.problem.metadata.get(self.prefix, "")) if self.prefix else ""
        programs = [program_in(text, attempt.problem.metadata, self.program) for text in texts]
        whole = [None if one is None else f"{prefix}\n{one}" for one in programs]
        stop = self.score == "all"
        results = await run_programs(attempt, whole, tests, self.time_s, self.memory_mib, stop)
        return self._judged(solutions, results, written)

    async def _written(self, attempt: Attempt) -> list[Completion]:
        """Texts with tests, of the model."""
        if not self.generated:
            return []
        name = str(attempt.problem.metadata.get(self.entry_point, ""))
        prompt = render_problem(load_prompt(self.prompt), attempt.problem, entry_point=name)
        (params,) = self.asks(attempt.capabilities())
        (row,) = await attempt.sample(Ask(prompt, params, self.generated))
        return [sample.completion for sample in row]

    def _tests(self, attempt: Attempt, written: Sequence[Completion]) -> list[Test]:
        """Those of the problem, then the distinct ones of the model. Raises `DataError`."""
        problem = attempt.problem
        try:
            tests = given_tests(problem.metadata, self.tests, self.entry_point)
        except DataError as error:
            raise DataError(f"verifier {self.label}: problem {problem.id!r:.80}: {error}") from None
        if not tests and not self.generated:
            raise DataError(
                f"verifier {self.label}: problem {problem.id!r:.80} has no {self.tests!r} among "
                "its metadata; name its column under `dataset.columns.metadata`, or set `generated`"
            )
        name = str(problem.metadata.get(self.entry_point, ""))
        text = "\n".join(completion.text for completion in written)
        return [*tests, *pairs_in(text, name)]

    def _judged(
        self,
        solutions: Sequence[Solution],
        results: Sequence[Result | None],
        written: Sequence[Completion],
    ) -> list[Verification]:
        """Of the first, up to one that the budget did not let run, though of others behind it it be
        known that they fail or are alike. What the model wrote is counted once, with the first.
        """
        first = whole_first(results, lambda one: one is not None)
        run = [(s, r) for s, r in zip(solutions, first, strict=False) if r is not None]
        agreed = dual_agreement([r.passed for _, r in run]) if self.score == "agreement" else []
        return [
            self._judgement(solution, one, agreed[i : i + 1], () if i else written)
            for i, (solution, one) in enumerate(run)
        ]

    def _judgement(
        self,
        solution: Solution,
        result: Result,
        agreed: Sequence[float],
        written: Sequence[Completion],
    ) -> Verification:
        """No verdict and no score without a test."""
        passed, tests = sum(result.passed), len(result.passed)
        broken = [f"\n{i}: {fault}" for i, fault in enumerate(result.faults) if fault]
        verdict = passed == tests if tests else None
        shares = {"share": passed / max(1, tests), "all": float(verdict or False)}
        score = agreed[0] if agreed else shares[self.score]
        return self.verification(
            solution,
            0,
            written,
            text=f"{passed} of {tests} tests pass{''.join(broken[:10])}",
            verdict=verdict,
            score=score if tests else None,
            finish_reason="stop",
        )
