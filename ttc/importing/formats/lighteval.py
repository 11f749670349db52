"""Details of lighteval (0.10 and later): `details_<task>_<date>.parquet`, one row a document.

A metric stands beside the document: with one response it is that one's label; of several, an
average says what each is only where it is 0 or 1. Others are judged by the rule of answers.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

from ttc.datasets.reading.rows import Row
from ttc.errors import DataError
from ttc.importing import values
from ttc.importing.formats import Format
from ttc.importing.objects import CONFIDENCE
from ttc.importing.records import RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source
from ttc.importing.trail import Keys
from ttc.words import nearest

_AVERAGE = re.compile(r"avg@|pass@(k:k=)?1(\b|&)")
_NOTHING_THERE: tuple[Any, ...] = (None, [], "", {})


def fits(glimpse: Glimpse) -> bool:
    """Whether the first row has a document, a metric and a response."""
    return {"doc", "metric", "model_response"} <= set(glimpse.row)


def read(source: Source) -> Iterator[RawProblem]:
    """Problems, streamed. Raises `DataError` with file, row and key."""
    if source.mapping:
        raise DataError("details of lighteval have fixed names; a mapping means nothing there")
    several = len(source.files) > 1
    for order, row in enumerate(source.rows()):
        yield _problem(row, several, order, source)


def _problem(row: Row, several: bool, order: int, source: Source) -> RawProblem:
    top = Keys(row.values, row.place, source.trail)
    doc, response = top.inner("doc"), top.inner("model_response")
    top.inner("metric")
    task = values.text(doc.get("task_name", "problem.metadata"), doc.where("task_name"))
    number = values.text(doc.get("id", "problem.id"), doc.where("id")) or str(row.number)
    options = _texts(doc.get("choices", "problem.answer"), doc.where("choices"))
    gold = _gold(doc.get("gold_index", "problem.answer"), doc.where("gold_index"), len(options))
    metric, label = _scored(top, source)
    texts = _texts(response.get("text", "solution.text"), response.where("text"))
    if texts:
        answer = options[gold] if gold is not None else None
        solutions = _generated(texts, response, metric, label, source)
        choices: tuple[str, ...] = ()
    else:
        answer = None if gold is None else _letter(gold)
        solutions = (_chosen(response, gold, label, options),)
        choices = tuple(options)
    metadata: dict[str, Any] = {"task": task} if task else {}
    specific = doc.get("specific", "problem.metadata")
    if isinstance(specific, Mapping):
        metadata |= {str(key): value for key, value in specific.items() if value is not None}
    prompt = values.text(_prompt(response), response.where("input"))
    made = RawProblem(
        id=f"{task}/{number}" if several and task else number,
        question=values.text(doc.get("query", "problem.question"), doc.where("query")),
        answer=answer,
        choices=choices,
        metadata=metadata,
        solutions=solutions,
        place=row.place,
        order=order,
        prompt=prompt or None,
    )
    for keys in (doc, response):
        _close(keys)
    top.close()
    return made


def _close(keys: Keys) -> None:
    """Tell what was not used; columns of a table that hold nothing in this row say nothing."""
    keys.held = {key: value for key, value in keys.held.items() if value not in _NOTHING_THERE}
    keys.close()


def _scored(top: Keys, source: Source) -> tuple[str, float | None]:
    """The wanted metric, else the first that is a grade; and its value."""
    held = {k: v for k, v in top.inner("metric").held.items() if v is not None}
    known = [name for name, value in held.items() if _is_grade(value)]
    wanted = source.wanted.metric or next(iter(known), None)
    if wanted is None:
        raise DataError(f"{top.where('metric')}: none of {', '.join(held)} says right or wrong")
    if wanted not in held:
        raise DataError(f"{top.where('metric')}: no metric {wanted!r}{nearest(wanted, held)}")
    source.trail.took("solution.correct", f"metric.{wanted}")
    if others := [name for name in held if name != wanted]:
        source.trail.note(f"labels by {wanted}; there are also {', '.join(others)} (--metric)")
    return wanted, values.grade(held[wanted], f"{top.where('metric')}.{wanted}")


def _is_grade(value: Any) -> bool:
    return isinstance(value, bool | int | float) and 0 <= value <= 1


def _generated(
    texts: list[str], response: Keys, metric: str, label: float | None, source: Source
) -> tuple[RawSolution, ...]:
    read = _texts(response.get("text_post_processed", "solution.text"), response.place)
    tokens = response.get("output_tokens", "solution.tokens")
    counts = [len(one) for one in tokens] if _of_lists(tokens) else []
    right: bool | None = None
    if label is not None and len(texts) == 1:
        right = source.trail.right(label, response.place)
    elif label in (0, 1) and _AVERAGE.search(metric):
        right = bool(label)
    elif label is not None:
        source.trail.note(
            f"{metric} is of several responses together: each is judged by our own rule, unless "
            "all are right or all wrong"
        )
    return tuple(
        RawSolution(
            text=read[i] if len(read) == len(texts) else text,
            correct=right,
            tokens=counts[i] if len(counts) == len(texts) and counts[i] else None,
        )
        for i, text in enumerate(texts)
    )


def _chosen(
    response: Keys, gold: int | None, label: float | None, options: list[str]
) -> RawSolution:
    """A choice by log-likelihoods; where a metric weighs them otherwise, what it says counts."""
    place = response.where("logprobs")
    listed = values.listed(response.get("logprobs", "solution.answer"), place, "log-likelihoods")
    nats = [values.number(one, f"{place}[{i}]") for i, one in enumerate(listed)]
    likely = [one for one in nats if one is not None]
    if not likely or len(likely) < len(nats):
        raise DataError(f"{response.place}: neither texts nor log-likelihoods of the options")
    best: int | None = max(range(len(likely)), key=lambda i: likely[i])
    if label == 1:
        best = gold
    elif best == gold and label == 0:
        best = None
    if best is None or best >= len(likely):
        return RawSolution(correct=None if label is None else label == 1)
    total = math.fsum(math.exp(one - max(likely)) for one in likely)
    share = math.exp(likely[best] - max(likely)) / total
    return RawSolution(
        text=options[best] if best < len(options) else "",
        answer=_letter(best),
        correct=None if label is None else label == 1,
        verifications=(RawVerification(score=share, verifier=CONFIDENCE, tokens=0),),
    )


def _letter(number: int) -> str:
    letters = string.ascii_uppercase
    return letters[number] if number < len(letters) else str(number + 1)


def _texts(value: Any, place: str) -> list[str]:
    listed = [value] if isinstance(value, str) else values.listed(value, place, "a list of texts")
    return [values.text(one, f"{place}[{i}]") for i, one in enumerate(listed)]


def _gold(value: Any, place: str, options: int) -> int | None:
    """The first right option, from 0; None where there is none."""
    first = value[0] if isinstance(value, list) and value else value
    found = None if isinstance(first, list) else values.integer(first, place)
    return found if found is not None and found < options else None


def _of_lists(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, list) for one in value)


def _prompt(response: Keys) -> str:
    """What was asked: a text, or messages."""
    given = response.get("input", "problem.question")
    if isinstance(given, list):
        texts = [one.get("content") for one in given if isinstance(one, Mapping)]
        return "\n".join(text for text in texts if isinstance(text, str))
    return given if isinstance(given, str) else ""


FORMAT = Format(
    name="lighteval",
    about="details_*.parquet of lighteval",
    fits=fits,
    read=read,
    rank=20,
    takes=frozenset({"metric", "right_from"}),
)
