"""The backend behind `type: replay`.

A prompt is recognised by what it quotes: the longest recorded question in it names the problem,
and a recorded solution after that question asks for a verification of it. So templates may differ
from those of the recording, as long as they quote question and solution as they are.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ttc.backends.common.endings import stopped_by
from ttc.backends.common.tokens import keep
from ttc.backends.replay.recording import Recording, Row
from ttc.core import Call, Completion, ModelIdentity, Prompt, TokenLogprob
from ttc.errors import BackendError, UsageError
from ttc.verdicts import find_verdict

if TYPE_CHECKING:
    from ttc.backends.replay import Replay

_TEXT = ("prompt_tokens", "completion_tokens", "finish_reason", "seconds", "text")
# Verifiers ask for samples of one prompt; a second solution with the same text goes on from here.
_STRIDE = 1 << 20
_OPPOSITES = {
    "yes": "No",
    "no": "Yes",
    "correct": "incorrect",
    "incorrect": "correct",
    "not": "correct",
}


@dataclass(slots=True)
class _Problem:
    """What was recorded for one problem: rows by sample index."""

    question: str
    solutions: dict[int, Row] = field(default_factory=dict)
    verifications: dict[int, dict[int, Row]] = field(default_factory=dict)

    @property
    def drawn(self) -> dict[int, Row]:
        """What the method returned, numbered as others draw it; of what it did not return only
        judgements can be asked for.
        """
        rows = (self.solutions[i] for i in sorted(self.solutions))
        return dict(enumerate(row for row in rows if row.get("returned") is not False))


class ReplayBackend:
    """See `ttc.core.Backend`. The tables are read whole, once, when the first call comes."""

    def __init__(self, config: Replay, run: Recording) -> None:
        self.capabilities = config.offers
        self._run = run
        self._serve = config.serve
        self._verifier = config.verifier
        self._problems: dict[str, _Problem] | None = None
        # Callers without sample indices get samples in order of their first request.
        self._order: dict[str, dict[int, int]] = {}

    async def identify(self) -> ModelIdentity:
        """The recorded model's name and facts; the revision is a hash of the tables."""
        await self._loaded()
        models = self._run.models()
        judge = self._serve == "verifications"
        names = [n for n in models if (n != "solver") == judge]
        if judge and self._verifier in models:
            names = [str(self._verifier)]
        recorded = models[names[0]] if names else {}
        return ModelIdentity(
            backend="replay",
            model=str(recorded.get("model")) if recorded else self._run.name,
            revision=await asyncio.to_thread(self._run.digest),
            facts=recorded.get("facts", {}),
        )

    async def complete(self, call: Call) -> list[Completion]:
        problems = await self._loaded()
        name, rows = self._find(call.prompt, problems)
        indices = call.indices or self._in_order(call, rows)
        missing = [i for i in indices if i not in rows]
        if missing:
            raise BackendError(
                f"the run {self._run.name} holds {len(rows)} samples for {name}; sample "
                f"{missing[0] + 1} was asked for"
            )
        return [_completion(rows[i], call) for i in indices]

    def _in_order(self, call: Call, rows: Mapping[int, Row]) -> list[int]:
        known = self._order.setdefault(_text(call.prompt), {})
        places = [known.setdefault(seed, len(known)) for seed in call.seeds]
        numbers = sorted(rows)
        return [numbers[i] if i < len(numbers) else i for i in places]

    def _find(
        self, prompt: Prompt, problems: Mapping[str, _Problem]
    ) -> tuple[str, Mapping[int, Row]]:
        text = _text(prompt)
        quoted = [(len(p.question), i) for i, p in problems.items() if p.question in text]
        if not quoted:
            start = " ".join(text.split())[:80]
            raise BackendError(
                f"no question of the recorded run {self._run.name} stands in the prompt "
                f"{start!r}; replay needs the same problems"
            )
        name = max(quoted)[1]
        problem = problems[name]
        if self._serve != "solutions":
            after = text[text.rindex(problem.question) + len(problem.question) :]
            judged = _quoted_solutions(problem, after)
            if judged:
                return f"a solution of problem {name}", _in_turn(problem, judged)
            if self._serve == "verifications":
                raise BackendError(
                    f"the run {self._run.name} holds no verification of the solution in a prompt "
                    f"for problem {name}"
                )
        return f"problem {name}", problem.drawn

    async def _loaded(self) -> dict[str, _Problem]:
        if self._problems is None:
            self._problems = await asyncio.to_thread(self._load)
        return self._problems

    def _load(self) -> dict[str, _Problem]:
        run, columns = self._run, ["problem_id", "question"]
        found = {
            row["problem_id"]: _Problem(row["question"].strip())
            for row in run.rows("problems", columns)
        }
        columns = ["problem_id", "solution_index", "mean_logprob", "returned", *_TEXT]
        for row in run.rows("solutions", columns):
            if row["problem_id"] in found:
                found[row["problem_id"]].solutions[row["solution_index"]] = row
        if self._serve != "solutions" and run.has("verifications"):
            self._load_verifications(found)
        return found

    def _load_verifications(self, found: Mapping[str, _Problem]) -> None:
        own = ["verifier", "verdict", "p_yes", "solution_index", "verification_index"]
        verifiers: set[str] = set()
        for row in self._run.rows("verifications", ["problem_id", *own, *_TEXT]):
            verifiers.add(row["verifier"])
            if self._verifier in (None, row["verifier"]) and row["problem_id"] in found:
                rows = found[row["problem_id"]].verifications
                rows.setdefault(row["solution_index"], {})[row["verification_index"]] = row
        self._check_verifiers(verifiers)

    def _check_verifiers(self, names: Iterable[str]) -> None:
        known = ", ".join(sorted(names))
        if self._verifier is None and "," in known:
            raise UsageError(
                f"the run {self._run.name} has several verifiers ({known}); "
                "choose one by the backend's `verifier`"
            )
        if self._verifier is not None and self._verifier not in names:
            raise UsageError(
                f"the run {self._run.name} has no verifier {self._verifier!r}; it has: "
                f"{known or 'none'}"
            )

    def count_tokens(self, prompt: Prompt) -> int | None:
        return None

    async def close(self) -> None:
        self._problems = None


def _text(prompt: Prompt) -> str:
    return prompt.text or "\n".join(m.content for m in prompt.messages)


def _quoted_solutions(problem: _Problem, text: str) -> list[int]:
    """The verified solutions whose text is quoted: the longest text, which several may share."""
    by_text: dict[str, list[int]] = {}
    for index in sorted(problem.verifications):
        if index in problem.solutions:
            own = problem.solutions[index]["text"].strip()
            by_text.setdefault(own, []).append(index)
    quoted = [own for own in by_text if own and own in text]
    return by_text[max(quoted, key=len)] if quoted else []


def _in_turn(problem: _Problem, solutions: list[int]) -> dict[int, Row]:
    """Verifications of solutions with one text, numbered as verifiers number their samples."""
    return {
        turn * _STRIDE + index: row
        for turn, solution in enumerate(solutions)
        for index, row in problem.verifications[solution].items()
    }


def _completion(row: Row, call: Call) -> Completion:
    return Completion(
        text=row["text"],
        finish_reason=row["finish_reason"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        mean_logprob=row.get("mean_logprob"),
        logprobs=keep(_verdict(row), call.params.keep_logprobs)
        if call.params.logprobs is not None
        else (),
        seconds=row["seconds"],
        stopped_by=stopped_by(row, call.params.stop),
    )


def _verdict(row: Row) -> tuple[TokenLogprob, ...]:
    """Tables keep P(Yes) at the verdict but no other token's logprob: the verdict's token, and what
    the text says behind it.
    """
    p, found = row.get("p_yes"), find_verdict(row["text"])
    if p is None or found is None:
        return ()
    word, rest = row["text"][found.start : found.end], row["text"][found.end :]
    own, other = (p, 1 - p) if found.says else (1 - p, p)
    top = {word: _log(own), _OPPOSITES[found.word]: _log(other)}
    token = TokenLogprob(word, top[word], top)
    return (token, TokenLogprob(rest, math.nan)) if rest else (token,)


def _log(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf
