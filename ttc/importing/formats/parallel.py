"""A problem a row, its samples in lists side by side: completions, scores by step, tokens, labels.

As search-and-learn writes them (JSON lines, parquet) and many data sets of completions have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ttc.datasets.reading.names import ANSWER, ID, QUESTION, find
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError
from ttc.importing import objects, values
from ttc.importing.formats import Format
from ttc.importing.names import hint
from ttc.importing.records import RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source
from ttc.importing.trail import Keys

# Names of ours -> the usual names of lists beside the completions, the likeliest first.
_LISTS: dict[str, tuple[str, ...]] = {
    "solution.text": (
        *("completions", "responses", "generations", "outputs", "samples", "modeloutputs"),
        *("candidates", "predictions", "solutions"),
    ),
    "verification.step_scores": ("stepscores", "prmscores", "steprewards"),
    "verification.score": ("scores", "rewards", "rmscores", "rewardscores", "verifierscores"),
    "solution.tokens": ("completiontokens", "numtokens", "outputtokens", "lengths"),
    "solution.correct": ("correct", "iscorrect", "correctness", "labels", "passed"),
    # Not `answers`: these may be the ways to write the right one.
    "solution.answer": ("extractedanswers", "preds", "predictedanswers"),
    "solution.finish_reason": ("finishreasons", "stopreasons"),
}
_NAMES = ("problem.id", "problem.question", "problem.answer", *_LISTS)


def fits(glimpse: Glimpse) -> bool:
    """Whether the first row has a list of texts under a usual name, or the one the user named."""
    named = _named(glimpse.mapping, strict=False).get("solution.text")
    key = named or find(_LISTS["solution.text"], list(glimpse.row))
    listed = glimpse.row.get(key) if key else None
    texts = [one for one in listed if one is not None] if isinstance(listed, list) else []
    return bool(texts) and all(isinstance(one, str) for one in texts)


def read(source: Source) -> Iterator[RawProblem]:
    """Problems, streamed. Raises `DataError` with file, line and key."""
    named = _named(source.mapping)
    several = len(source.files) > 1
    for order, row in enumerate(source.rows()):
        file = row.place.removeprefix(f"{source.path}").strip("/") if several else ""
        yield _problem(row, named, source, f"{file or source.path.stem}-{row.number}", order)


def _named(mapping: Mapping[str, str], strict: bool = True) -> dict[str, str]:
    """What the user says names of ours are called. Raises `DataError` for an unknown one."""
    found = {}
    for key, theirs in mapping.items():
        fitting = [name for name in _NAMES if key in (name, name.partition(".")[2])]
        fitting = ["solution.text"] if key in ("solutions", "problem.solutions") else fitting
        if len(fitting) == 1:
            found[fitting[0]] = theirs
        elif strict:
            raise DataError(
                f"mapping: unknown name {key!r}{hint(key, _NAMES)}; known: {', '.join(_NAMES)}"
            )
    return found


def _problem(
    row: Row, named: Mapping[str, str], source: Source, fallback: str, order: int
) -> RawProblem:
    keys = Keys(row.values, row.place, source.trail)
    lists = _lists(keys, named)
    texts = lists.pop("solution.text")
    id_key = named.get("problem.id") or find(ID, list(row.values))
    asked = named.get("problem.question") or find(QUESTION, list(row.values))
    gold = named.get("problem.answer") or find(ANSWER, _single(row.values))
    told = {
        name: values.text(keys.get(key, name), keys.where(key)) if key else ""
        for name, key in zip(_NAMES, (id_key, asked, gold), strict=False)
    }
    solutions = tuple(
        _solution(text, {name: (key, held[i]) for name, (key, held) in lists.items()}, keys, i)
        for i, text in enumerate(texts[1])
    )
    metadata = {}
    for key in ("level", "subject", "type", "source", "metadata"):
        if key in row.values:
            metadata[key] = keys.get(key, "problem.metadata")
    keys.close()
    return RawProblem(
        id=told["problem.id"] or fallback,
        question=told["problem.question"],
        answer=told["problem.answer"] or None,
        solutions=solutions,
        metadata=metadata,
        place=row.place,
        order=order,
    )


def _single(row: Mapping[str, Any]) -> list[str]:
    """Columns of a row that hold one value."""
    return [key for key, value in row.items() if not isinstance(value, list | dict)]


def _lists(keys: Keys, named: Mapping[str, str]) -> dict[str, tuple[str, list[Any]]]:
    """By name of ours: the key, and its list. Raises `DataError` where lengths differ."""
    found: dict[str, tuple[str, list[Any]]] = {}
    free = [key for key, value in keys.held.items() if isinstance(value, list)]
    for name, usual in _LISTS.items():
        key = named.get(name) or find(usual, free, [taken for taken, _ in found.values()])
        if key is None and name == "solution.text":
            raise DataError(f"{keys.place}: lacks a list of completions")
        if key is None:
            continue
        held = keys.require(key, name)
        if not isinstance(held, list):
            values.refuse(held, keys.where(key), "a list")
        found[name] = key, held
    texts_key, texts = found["solution.text"]
    for key, held in found.values():
        if len(held) != len(texts):
            raise DataError(
                f"{keys.where(key)}: {len(held)} entries, but {len(texts)} in {texts_key}"
            )
    return found


def _solution(text: Any, beside: dict[str, tuple[str, Any]], keys: Keys, i: int) -> RawSolution:
    def where(name: str) -> str:
        return f"{keys.where(beside[name][0])}[{i}]" if name in beside else keys.place

    def get(name: str) -> Any:
        return beside[name][1] if name in beside else None

    tokens = get("solution.tokens")
    return RawSolution(
        text=values.text(text, f"{keys.place}: completion {i}"),
        answer=values.text(get("solution.answer"), where("solution.answer")) or None,
        correct=values.truth(get("solution.correct"), where("solution.correct")),
        tokens=None if tokens == -1 else values.integer(tokens, where("solution.tokens")),
        finish_reason=values.text(get("solution.finish_reason"), where("solution.finish_reason"))
        or None,
        verifications=_verifications(get, where),
    )


def _verifications(get: Any, where: Any) -> tuple[RawVerification, ...]:
    """What a reward model says of a sample: a score, or scores by step."""
    score, steps = get("verification.score"), get("verification.step_scores")
    if isinstance(score, list):
        score, steps = None, score
    read = objects.rewards(steps, where("verification.score"))
    value = values.reward(score, where("verification.score"))
    if value is None and not read:
        return ()
    return (RawVerification(score=value, step_scores=read, tokens=0),)


FORMAT = Format(
    name="search-and-learn",
    about="a problem a row with lists side by side: completions, scores, completion_tokens",
    fits=fits,
    read=read,
    rank=45,
    labels="compare",
    aggregate="last",
)
